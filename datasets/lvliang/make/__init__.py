"""From the source tables to the dataset: `python -m synergy.datasets.lvliang.make`."""
