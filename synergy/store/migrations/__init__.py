"""Migrations of the store, forward only; each is frozen once it has been released."""
