"""Settings of a round: the dataset's own, a scenario's and the caller's, parsed and checked in this order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from synergy.errors import Problem
from synergy.scenario import ModeShare, Pattern, Settings


def parse_settings(*layers: Mapping[str, Any]) -> tuple[Settings, tuple[Problem, ...]]:
    """Return the settings of all layers, later ones on top."""
    raw: dict[str, Any] = {}
    for layer in layers:
        raw |= {key: _plain(value) if isinstance(value, str) else value for key, value in layer.items()}
    values: dict[str, Any] = {key: raw[key] for key in Settings.__dataclass_fields__ if key in raw}
    for key, kind in (("mode_share", ModeShare), ("forbid", Pattern), ("fix", Pattern)):
        if key in values:
            values[key] = tuple(kind(**item) for item in values[key] or ())
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return Settings(**values), ()


def _plain(text: str) -> Any:
    if text.lower() == "none":
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
