"""Fixtures that more than one module needs."""

pytest_plugins = ("stores",)
