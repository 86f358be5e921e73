"""View models of the pages: plans, rounds, proposals and tables, independent of URLs."""
