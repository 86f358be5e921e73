"""Dataset -> Network: sites, units, ends, groups and links as arrays, and networkx views of them."""
