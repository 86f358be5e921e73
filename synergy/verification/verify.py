"""The face of the judge: a plan in, findings out."""

from __future__ import annotations

from collections.abc import Mapping

from synergy.dataset.dataset import Dataset
from synergy.errors import VerificationError
from synergy.plan import Decisions, Plan
from synergy.verification import claims, frames, offers, settled
from synergy.verification.beside import judged_beside
from synergy.verification.books import Books
from synergy.verification.findings import Book, Finding
from synergy.verification.rows import check_rows

_RULES = (frames.check_strays, check_rows, frames.check_amounts)
_CLAIMS = (
    claims.check_source,
    claims.check_totals,
    claims.check_proof,
    claims.check_standalone,
    settled.check_settlement,
    offers.check_proposals,
)


def verify(dataset: Dataset, plan: Plan) -> tuple[Finding, ...]:
    """Recompute a plan from the dataset, without the engine's model.

    Parameters
    ----------
    dataset : Dataset
        What the plan says it follows from, with the plan's scenario applied.
    plan : Plan
        The plan.

    Returns
    -------
    tuple of Finding
        Everything that does not follow; warnings say what cannot be checked here.

    Notes
    -----
    Tolerances are those of `synergy.verification.findings`.
    """
    book = Book()
    frames.check_shape(book, plan.decisions)
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
    """Raise where a plan does not follow from its dataset.

    Parameters
    ----------
    dataset : Dataset
    plan : Plan
    alone : mapping of str to Decisions, optional
        The plans behind `standalone`, as far as they are known.
    today : Decisions, optional
        The plan behind `today`.

    Raises
    ------
    VerificationError
        With every finding.
    """
    found = [*verify(dataset, plan), *judged_beside(dataset, plan, alone or {}, today)]
    wrong = [finding.line() for finding in found if finding.refuses]
    if wrong:
        raise VerificationError(wrong)
