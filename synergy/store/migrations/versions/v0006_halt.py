"""Runs whose search a planner halts."""

from __future__ import annotations

from synergy.store.migrations.script import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add a column."""
    run_script("v0006")
