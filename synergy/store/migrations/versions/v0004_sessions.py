"""Sessions of people, and passwords that hold for one sign-in."""

from __future__ import annotations

from synergy.store.migrations.script import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add a column and a table."""
    run_script("v0004")
