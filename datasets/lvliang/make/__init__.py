"""From the source tables to the dataset: `python -m datasets.lvliang.make`."""
