"""Words of columns that stand in files alone."""

from __future__ import annotations

from synergy.texts import Catalogue

WORDS = Catalogue(
    {
        "file.lacking": ("Lacking", "尚缺数量"),
        "file.started": ("Begun", "开始时间"),
        "file.finished": ("Ended", "结束时间"),
    }
)
