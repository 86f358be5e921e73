"""Folders of the repository that the tests read, and how long they wait for what may hang."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
TINY = ROOT / "datasets" / "tiny"
LVLIANG = ROOT / "datasets" / "lvliang"
HANG_S = 600.0  # seconds after which something hangs, on a loaded machine too
