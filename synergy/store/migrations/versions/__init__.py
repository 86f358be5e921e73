"""Migration scripts, one file per version."""
