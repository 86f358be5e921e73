"""Beside: the plans that a plan is compared with, judged as it is itself: of each enterprise alone, and of today."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np

from synergy.dataset.dataset import Dataset
from synergy.literal.scope import Variant
from synergy.plan import Decisions, Plan
from synergy.verification import frames
from synergy.verification.books import Books
from synergy.verification.findings import Book, Finding
from synergy.verification.rows import check_rows

MANY = 12  # enterprises beyond which only today is judged here: each takes 0.2 s, and `deep` solves them again


def judged_beside(
    dataset: Dataset, plan: Plan, alone: Mapping[str, Decisions], today: Decisions | None
) -> Iterator[Finding]:
    """Findings on the plans behind `standalone` and `today`, which the plan document does not hold.

    Parameters
    ----------
    dataset : Dataset
    plan : Plan
        With the values claimed.
    alone : mapping of str to Decisions
        What each enterprise would do alone; left out where there are more than `MANY`.
    today : Decisions or None
        What is done today.
    """
    for name, decisions in alone.items() if len(alone) <= MANY else ():
        value = (plan.standalone or {}).get(name)
        yield from _judged(f"standalone.{name}", dataset, (decisions, {"value": value}), ({name}, Variant.ROUND))
    if today is not None:
        claims = {"value": plan.today, "co2": plan.emissions.get("baseline_co2")}
        yield from _judged("today", dataset, (today, claims), (None, Variant.TODAY))


def _judged(
    subject: str,
    dataset: Dataset,
    claim: tuple[Decisions, Mapping[str, float | None]],
    problem: tuple[Collection[str] | None, Variant],
) -> Iterator[Finding]:
    """Findings on one plan and on what is claimed of its value and CO2, each under the name of the claim."""
    book, (decisions, claims) = Book(), claim
    frames.check_shape(book, decisions)
    if not book.found:
        books = Books(dataset, decisions, *problem)
        for rule in (frames.check_strays, check_rows, frames.check_amounts):
            rule(book, books)
        for code, claimed in claims.items():
            amounts = books.money if code == "value" else books.co2
            book.one(code, claimed, float(amounts.sum()), float(np.abs(amounts).sum()) + 1.0)
    yield from (replace(finding, subject=f"{subject} {finding.subject}") for finding in book.found)
