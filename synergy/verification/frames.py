"""Frames: the rows of a plan are variables of the literal model, and say of themselves what the tables say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from synergy.literal.scope import Ints
from synergy.literal.value import annuities, capex
from synergy.plan import (
    BUILD_COLUMNS,
    FLOW_COLUMNS,
    FLOW_ENDS,
    LEVEL_COLUMNS,
    LINK_COLUMNS,
    RUN_COLUMNS,
    Decisions,
)
from synergy.verification.books import LINK_KEY, Books
from synergy.verification.findings import Book, row_name

_COLUMNS = {
    "flows": FLOW_COLUMNS + FLOW_ENDS,
    "runs": RUN_COLUMNS,
    "levels": LEVEL_COLUMNS,
    "builds": BUILD_COLUMNS,
    "links": LINK_COLUMNS,
}
_AMOUNTS = {
    "flows": ("quantity", "arrived"),
    "runs": ("activity",),
    "levels": ("level",),
    "builds": ("capacity", "capex", "annual_cost"),
    "links": ("capex", "annual_cost"),
}
_KEYS = {
    "runs": ["kind", "id", "period"],
    "levels": ["store", "period"],
    "builds": ["process", "site"],
    "links": list(LINK_KEY),
}


def check_shape(book: Book, decisions: Decisions) -> None:
    """Columns are there, amounts are finite and not negative, no key stands twice."""
    for name, columns in _COLUMNS.items():
        frame: pd.DataFrame = getattr(decisions, name)
        missing = [column for column in columns if column not in frame]
        if missing:
            book.add("frame", name, f"columns are missing: {', '.join(missing)}")
            continue
        for column in _AMOUNTS[name]:
            amount = pd.to_numeric(frame[column], errors="coerce").to_numpy(float)
            bad = ~(np.isfinite(amount) & (amount >= 0))
            book.flag("amount", bad, row_name(name, column), "is no amount of 0 or more")
        key = _KEYS.get(name)
        if key:
            again = frame.duplicated(key).to_numpy()
            book.flag("twice", again, row_name(name), "the same key stands above")


def check_strays(book: Book, books: Books) -> None:
    """Every row is a variable of the model: its ids are known, and the contract has such an exchange, build or link."""
    for stray in books.point.strays:
        plain = stray.frame == "flows" and not stray.column
        name = books.named if plain else row_name(stray.frame, stray.column)
        book.flag(stray.code, stray.rows, name, stray.text)
    if not books.dataset.settings.allow_builds:
        count = len(books.decisions.builds)
        book.flag("allow_builds", np.ones(count, bool), row_name("builds"), "new processes are not allowed")


def check_amounts(book: Book, books: Books) -> None:
    """What arrives, lengths, capex and annual cost are as the tables say."""
    point, decisions = books.point, books.decisions
    parts, spent = point.parts, capex(point.parts)
    flow, build, link = (np.flatnonzero(at >= 0) for at in (point.flow, point.build, point.link))
    arrived = books.quantity[flow] * parts.exchanges.arrival[point.flow[flow]]
    book.claimed("arrived", books.arrived[flow], arrived, books.quantity[flow] + 1e-12, _among(books.named, flow))
    size, opened = point.build[build], point.link[link]
    built = size - parts.first["size"] + parts.first["built"]
    paid = spent[built] + spent[size] * decisions.builds["capacity"].to_numpy(float)[build]
    km = parts.routes["km"].to_numpy(float)[parts.opened][opened - parts.first["open"]]
    for frame, rows, column, found in (
        ("builds", build, "capex", paid),
        ("builds", build, "annual_cost", paid * annuities(parts)[size]),
        ("links", link, "km", km),
        ("links", link, "capex", spent[opened]),
        ("links", link, "annual_cost", (spent * annuities(parts))[opened]),
    ):
        claim = getattr(decisions, frame)[column].to_numpy(float)[rows]
        book.claimed(column, claim, found, np.abs(found), _among(row_name(frame, column), rows))


def _among(name: Callable[[int], str], rows: Ints) -> Callable[[int], str]:
    """What names the rows of a selection."""
    return lambda row: name(int(rows[row]))
