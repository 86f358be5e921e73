"""Load a scenario from a TOML or JSON file."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from synergy.scenario import Scenario


def load_scenario(path: str | Path) -> Scenario:
    """Return the scenario of a TOML or JSON file."""
    file = Path(path)
    text = file.read_text("utf-8-sig")
    raw = json.loads(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
    tables = {name: tuple(rows) for name, rows in raw.pop("tables", {}).items()}
    scale = tuple(raw.pop("scale", ()))
    name = str(raw.pop("name", file.stem))
    settings = raw.pop("settings", {}) | raw
    return Scenario(name, settings, tables, scale)
