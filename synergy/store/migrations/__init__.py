"""Schema migrations of the store: forward only, immutable once released."""
