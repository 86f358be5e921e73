"""Until when enterprises may answer; indexes for what is looked up most."""

from __future__ import annotations

from synergy.store.migrations.script import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add a column and two indexes."""
    run_script("v0002")
