"""View models of the planner pages: rounds, tables and figures, independent of URLs."""
