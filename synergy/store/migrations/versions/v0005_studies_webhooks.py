"""Studies of rounds, and webhooks with their calls."""

from __future__ import annotations

from synergy.store.migrations.script import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add three tables."""
    run_script("v0005")
