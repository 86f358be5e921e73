"""View models of the enterprise pages."""
