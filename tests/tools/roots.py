"""Folders of the repository that the tests read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
TINY = ROOT / "datasets" / "tiny"
LVLIANG = ROOT / "datasets" / "lvliang"
