"""Rounds, declarations, runs, proposals, partnerships, accounts and the chain of events."""

from __future__ import annotations

from synergy.store.migrations.script import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    run_script("v0001")
