"""The catalogue of bad input: which of its 72 items a test covers, and by which way each can arrive.

Ways: ``csv`` and ``xlsx`` are files of datasets or declarations, ``json`` documents; ``store`` is what happens to a
store whatever the file, ``run`` what only shows when a dataset is matched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])
COVERED: dict[int, set[str]] = {}
_CELLS = ("csv", "xlsx", "json")
_TABLES = ("csv", "xlsx")
EXPECTED: dict[int, tuple[str, ...]] = {
    **dict.fromkeys((1, 2, 18), _CELLS),
    **dict.fromkeys((4, 5, 7, 9, 10, 11, 12, 13), ("csv",)),
    3: ("csv", "json"),
    8: ("csv", "json"),
    **dict.fromkeys((6, 14, 15, 16, 22, 23), _TABLES),
    **dict.fromkeys((17, 19, 20, 21, 24), ("xlsx",)),
    **dict.fromkeys(range(25, 46), _CELLS),
    **dict.fromkeys((46, 47, 48), ("json",)),
    **dict.fromkeys(range(49, 54), _CELLS),
    **dict.fromkeys(range(54, 60), _TABLES),
    **dict.fromkeys((60, 61, 62, 63, 64), ("run",)),
    65: _CELLS,
    66: _CELLS,
    **dict.fromkeys(range(67, 73), ("store",)),
}


def covers(number: int, *ways: str) -> Callable[[Test], Test]:
    """Return the decorator of a test of one item, by some ways."""

    def mark(test: Test) -> Test:
        COVERED.setdefault(number, set()).update(ways)
        return test

    return mark


def cases(names: Iterable[str], *ways: str) -> None:
    """Count named cases, each beginning with the number of its item."""
    for name in names:
        COVERED.setdefault(int(name[:2]), set()).update(ways)
