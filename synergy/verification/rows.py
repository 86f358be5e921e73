"""Rows: every constraint of the literal model within its bounds at a plan."""

from __future__ import annotations

from typing import Any

import numpy as np

from synergy.literal.build import blocks
from synergy.literal.rows import ROW_COLUMNS, Block
from synergy.literal.scope import Flags, Floats, Ints, positions
from synergy.verification.books import Books
from synergy.verification.findings import NOISE, ROW, Book

# codes of findings that are not called as the constraint is
_CODES = {
    "load_min": "load",
    "load_max": "load",
    "size_min": "size",
    "size_max": "size",
    "quality_min": "quality",
    "quality_max": "quality",
}
_BELOW = {"offer": "must_clear", "need": "required"}  # of rows that fall short of their lower bound


def check_rows(book: Book, books: Books) -> None:
    """The plan keeps every constraint of the model contract."""
    for block in blocks(books.point.parts):
        terms = _terms(block, books.point.x)
        code = _CODES.get(block.constraint, block.constraint)
        for sign, bound, word, called in (
            (1.0, block.upper, "is more than", code),
            (-1.0, block.lower, "is less than", _BELOW.get(code, code)),
        ):
            which = np.flatnonzero(_beyond(books, block, terms, sign))
            if len(which):
                sides = terms[0][which], terms[1][which] + bound[which]
                book.compared(called, _named(block, which), sides, word)


def _terms(block: Block, x: Floats) -> tuple[Floats, Floats]:
    """Sum of the positive terms of each row, and of the negative ones without their sign."""
    more, less = np.zeros(len(block)), np.zeros(len(block))
    for entries in block.entries:
        row, column, value = np.broadcast_arrays(entries.row, entries.column, entries.value)
        term = value * x[column]
        more += np.bincount(row, np.maximum(term, 0.0), len(block))
        less += np.bincount(row, np.maximum(-term, 0.0), len(block))
    return more, less


def _beyond(books: Books, block: Block, terms: tuple[Floats, Floats], sign: float) -> Flags:
    """Rows that are beyond their upper (sign 1) or lower (sign -1) bound by more than the tolerance."""
    more, less = terms
    bound = block.upper if sign > 0 else block.lower
    finite = np.where(np.isfinite(bound), bound, 0.0)
    over = np.where(np.isfinite(bound), sign * (more - less - finite), -1.0)
    slack = ROW * np.maximum(np.maximum(more, less), np.abs(finite))
    bad = ~(over <= slack)
    which = np.flatnonzero(bad)
    if len(which):
        bad[which] = ~(over[which] <= slack[which] + NOISE * _peaks(books, block, which))
    return bad


def _peaks(books: Books, block: Block, which: Ints) -> Floats:
    """Largest amount of the commodity that some rows speak of in the plan, 0 of those that speak of none."""
    at = positions(books.dataset["commodities"]["commodity"], block.said("commodity")[which])
    peaks: Floats = np.append(books.peak, 0.0)[at]
    return peaks


def _named(block: Block, which: Ints) -> list[str]:
    """Subject, commodity and period of some rows."""
    said: list[Any] = [block.said(name)[which] for name in ROW_COLUMNS[1:]]
    return [" ".join(part for part in row if part) or block.constraint for row in zip(*said, strict=True)]
