"""Entries of a declaration from plain records, every fault of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from synergy.errors import DatasetError, Problem
from synergy.store.exact import decimal
from synergy.store.names import Sheet
from synergy.store.overlay import Entry

_NAMES = ("sheet", "site", "subject", "amount", "price", "ident", "period", "other")
_NEEDED = ("sheet", "site", "subject", "amount")
_EXPECTED: Mapping[str, tuple[str, str]] = {
    "missing": ("expected a value", "此项必填"),
    "sheet": ("expected offers, needs or facilities", "应为 offers、needs 或 facilities"),
    "text": ("expected a text of at most 64 characters", "应为不超过 64 个字符的文本"),
    "number": ("expected a number with at most 6 decimals", "应为最多 6 位小数的数字"),
    "object": ("expected an object", "应为对象"),
    "unknown": (f"expected one of {', '.join(_NAMES)}", f"应为下列之一：{'、'.join(_NAMES)}"),
}


def entries_from_records(records: Sequence[Any]) -> list[Entry]:
    """Return the entries that plain records say.

    Parameters
    ----------
    records : sequence of mapping
        ``{sheet, site, subject, amount}`` and, where wanted, ``price``, ``ident``, ``period``, ``other``. Numbers may
        be texts, which keep all their decimals.

    Returns
    -------
    list of Entry

    Raises
    ------
    DatasetError
        All faults at once, each with its record from 1.
    """
    problems: list[Problem] = []
    entries = []
    for place, record in enumerate(records, start=1):
        faults = [*_faults(record)]
        problems += [_problem(place, name, value, code) for name, value, code in faults]
        if not faults:
            entries.append(_entry(record))
    if problems:
        raise DatasetError(problems)
    return entries


def _faults(record: Any) -> list[tuple[str, Any, str]]:
    """Return column, value and code of what is wrong with one record."""
    if not isinstance(record, Mapping):
        return [("", record, "object")]
    found = [(name, record[name], "unknown") for name in record if name not in _NAMES]
    found += [(name, "", "missing") for name in _NEEDED if record.get(name) in (None, "")]
    said = {name: value for name, value in record.items() if name in _NAMES and value not in (None, "")}
    for name, value in said.items():
        if name == "sheet":
            wrong = "sheet" if value not in set(Sheet) else ""
        elif name in ("amount", "price"):
            wrong = "" if _number(value) is not None else "number"
        elif name == "other":
            wrong = "" if isinstance(value, Mapping) else "object"
        else:
            wrong = "" if isinstance(value, str) and len(value) <= 64 else "text"
        found += [(name, value, wrong)] if wrong else []
    return found


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        return decimal(value.strip() if isinstance(value, str) else value)
    except ValueError:
        return None


def _entry(record: Mapping[str, Any]) -> Entry:
    amount = _number(record["amount"])
    assert amount is not None
    return Entry(
        sheet=Sheet(record["sheet"]),
        site=record["site"],
        subject=record["subject"],
        amount=amount,
        price=None if record.get("price") in (None, "") else _number(record["price"]),
        ident=record.get("ident") or "",
        period=record.get("period") or "",
        # "kept" is the store's own mark
        other={key: value for key, value in (record.get("other") or {}).items() if key != "kept"},
    )


def _problem(place: int, name: str, value: Any, code: str) -> Problem:
    en, zh = _EXPECTED[code]
    shown = "".join(char if char.isprintable() else "?" for char in str(value)[:60])
    return Problem("declaration", place, str(name)[:60], shown, en, code=f"entry_{code}", message_zh=zh)
