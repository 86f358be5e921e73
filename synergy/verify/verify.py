"""The face of the judge: a plan in, findings out."""

from __future__ import annotations

from synergy.dataset.dataset import Dataset
from synergy.errors import VerificationError
from synergy.plan import Plan
from synergy.verify import aims, claims, frames, offers, plants, settled, trade
from synergy.verify.findings import Book, Finding
from synergy.verify.view import view_of

_RULES = (
    frames.check_ids,
    frames.check_arcs,
    frames.check_links,
    trade.check_offers,
    trade.check_needs,
    trade.check_units,
    trade.check_markets,
    trade.check_qualities,
    plants.check_facilities,
    plants.check_builds,
    plants.check_capacities,
    plants.check_stores,
    aims.check_aims,
    claims.check_amounts,
)
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
    Tolerances are those of `synergy.verify.findings`.
    """
    book = Book()
    frames.check_shape(book, plan.decisions)
    if book.found:
        return tuple(book.found)
    view = view_of(dataset, plan.decisions)
    for rule in _RULES:
        rule(book, view)
    for claim in _CLAIMS:
        claim(book, view, plan)
    return tuple(book.found)


def assert_valid(dataset: Dataset, plan: Plan) -> None:
    """Raise where a plan does not follow from its dataset.

    Parameters
    ----------
    dataset : Dataset
    plan : Plan

    Raises
    ------
    VerificationError
        With every finding.
    """
    wrong = [finding.line() for finding in verify(dataset, plan) if finding.refuses]
    if wrong:
        raise VerificationError(wrong)
