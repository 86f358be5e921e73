"""Words of columns that stand in files alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "file.lacking": ("Lacking", "尚缺数量"),
        "file.started": ("Begun", "开始时间"),
        "file.finished": ("Ended", "结束时间"),
    }
)
