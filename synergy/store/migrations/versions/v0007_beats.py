"""Signs of life of workers and servers."""

from __future__ import annotations

from synergy.store.migrations.script import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add a table."""
    run_script("v0007")
