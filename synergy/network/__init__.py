"""Dataset -> Network: sites, units, ends, groups, links and arcs as arrays."""
