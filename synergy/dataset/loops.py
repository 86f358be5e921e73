"""placeholder"""

from __future__ import annotations

from collections.abc import Mapping

from synergy.dataset.findings import Findings
from synergy.dataset.sheet import Sheet
from synergy.scenario import Settings

LOOPS = frozenset({"free_lunch", "money_loop"})


def check_loops(sheets: Mapping[str, Sheet], settings: Settings, findings: Findings) -> None:
    """Nothing yet."""
