"""Datasets that ship with the project, each a folder of tables beside its `datapackage.json`."""
