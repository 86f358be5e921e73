"""Dataset -> Network: sites, units, ends, groups and links as columns of arrays, and networkx views of them."""
