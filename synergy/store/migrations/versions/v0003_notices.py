"""Notices with the marks of who has read them, and enterprises that have left."""

from __future__ import annotations

from synergy.store.migrations.script import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add three tables."""
    run_script("v0003")
