"""Entry point of the verification: take a plan, return findings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np

from synergy.dataset.sheet import Dataset
from synergy.errors import VerificationError
from synergy.literal.scope import Variant
from synergy.plan import Decisions, Plan
from synergy.verification import checks, offers, settled
from synergy.verification.books import Books
from synergy.verification.checks import check_rows
from synergy.verification.findings import Book, Finding

_RULES = (checks.check_strays, check_rows, checks.check_amounts)
_CLAIMS = (
    checks.check_source,
    checks.check_totals,
    checks.check_proof,
    checks.check_standalone,
    settled.check_settlement,
    offers.check_proposals,
)
MANY = 12  # enterprises beyond which only today is judged here: each takes 0.2 s, and `deep` solves them again


def verify(dataset: Dataset, plan: Plan) -> tuple[Finding, ...]:
    """Recompute a plan from the dataset, without the engine's model.

    Parameters
    ----------
    dataset : Dataset
        Dataset named in the plan, with the plan's scenario applied.
    plan : Plan
        The plan.

    Returns
    -------
    tuple of Finding
        All claims that fail; warnings for claims that cannot be checked here.

    Notes
    -----
    Tolerances are those of `synergy.verification.findings`.
    """
    book = Book()
    checks.check_shape(book, plan.decisions)
    if book.found:
        return tuple(book.found)
    books = Books(dataset, plan.decisions)
    for rule in _RULES:
        rule(book, books)
    for claim in _CLAIMS:
        claim(book, books, plan)
    return tuple(book.found)


def assert_valid(
    dataset: Dataset, plan: Plan, alone: Mapping[str, Decisions] | None = None, today: Decisions | None = None
) -> None:
    """Raise `VerificationError` if a plan does not follow from its dataset.

    `alone` and `today` are the plans behind `standalone` and `today`, as far as they are known.

    Raises
    ------
    VerificationError
        With every finding.
    """
    found = [*verify(dataset, plan), *judged_beside(dataset, plan, alone or {}, today)]
    wrong = [finding.line() for finding in found if finding.refuses]
    if wrong:
        raise VerificationError(wrong)


def judged_beside(
    dataset: Dataset, plan: Plan, alone: Mapping[str, Decisions], today: Decisions | None
) -> Iterator[Finding]:
    """Yield findings on the plans behind `standalone` and `today`, which the plan document does not hold.

    The standalone plans are not checked if there are more than `MANY`.
    """
    for name, decisions in alone.items() if len(alone) <= MANY else ():
        value = (plan.standalone or {}).get(name)
        yield from _judged(f"standalone.{name}", dataset, (decisions, {"value": value}), ({name}, Variant.ROUND))
    if today is not None:
        stated = {"value": plan.today, "co2": plan.emissions.get("baseline_co2")}
        yield from _judged("today", dataset, (today, stated), (None, Variant.TODAY))


def _judged(
    subject: str,
    dataset: Dataset,
    claim: tuple[Decisions, Mapping[str, float | None]],
    problem: tuple[Collection[str] | None, Variant],
) -> Iterator[Finding]:
    """Yield findings on one plan and on its claimed value and CO2, each prefixed with the name of the claim."""
    book, (decisions, stated) = Book(), claim
    checks.check_shape(book, decisions)
    if not book.found:
        books = Books(dataset, decisions, *problem)
        for rule in (checks.check_strays, check_rows, checks.check_amounts):
            rule(book, books)
        for code, claimed in stated.items():
            amounts = books.money if code == "value" else books.co2
            book.one(code, claimed, float(amounts.sum()), float(np.abs(amounts).sum()) + 1.0)
    yield from (replace(finding, subject=f"{subject} {finding.subject}") for finding in book.found)
