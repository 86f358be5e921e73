"""Coalitions of a settlement solved again from the tables, by the contract's model word by word."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from synergy.dataset.dataset import Dataset
from synergy.errors import Severity
from synergy.literal.build import build
from synergy.literal.solve import solve
from synergy.plan import Plan
from synergy.verification.findings import Book, Finding
from synergy.verification.settled import payoffs_of

FEW = 4  # enterprises up to which every coalition is solved
NEAR = 1e-5  # part of the plan's value by which two solvers may differ
GAP = 1e-6


def coalitions_again(dataset: Dataset, plan: Plan, seconds: float = 60.0) -> tuple[Finding, ...]:
    """Solve again the coalitions that a settlement names, and of up to four enterprises every one.

    Parameters
    ----------
    dataset : Dataset
        What the plan says it follows from.
    plan : Plan
        Without a settlement nothing is claimed.
    seconds : float
        When to stop; what is not checked by then is said in warnings.

    Returns
    -------
    tuple of Finding
        Coalitions that are not worth what is claimed, or worth more than the bound of the excess allows; an excess
        that none of them has, where every one is solved.
    """
    book, settlement, end = Book(), plan.settlement, time.monotonic() + seconds
    if settlement is None:
        return ()
    names = [str(name) for name in dataset["enterprises"]["enterprise"]]
    payoff = dict(zip(names, payoffs_of(settlement, names).tolist(), strict=True))
    claimed = {frozenset(one["enterprises"]): float(one["value"]) for one in settlement["binding"]}
    bound = np.inf if settlement["excess_bound"] is None else float(settlement["excess_bound"])
    room = NEAR * max(1.0, abs(plan.value)) + float(settlement["tolerance"])
    worst = -np.inf if len(names) <= FEW else np.inf  # most that any coalition lacks
    for members in _asked(names, claimed):
        left = end - time.monotonic()
        value, proven = _worth(dataset, members, left) if left > 0 else (-np.inf, np.inf)
        subject = " ".join(sorted(members))
        if members in claimed and claimed[members] > proven + room:
            book.add("coalition", subject, f"claimed to be worth {claimed[members]:.9g}, proven at most {proven:.9g}")
        paid = sum(payoff[name] for name in members)
        worst = max(worst, proven - paid)
        if value - paid > bound + room:
            book.add("coalition", subject, f"is worth {value:.9g}, which breaks the bound of the excess")
        if proven - value > room:
            book.add("unchecked", subject, "its value could not be proven in the time given", Severity.WARNING)
    excess = settlement["excess"]
    if len(names) > 1 and excess is not None and float(excess) > worst + room:
        book.add("excess", "settlement.excess", f"claimed {excess:.9g}, no coalition lacks more than {worst:.9g}")
    return tuple(book.found)


def _asked(names: list[str], claimed: dict[frozenset[str], float]) -> Iterator[frozenset[str]]:
    """Yield the coalitions to solve, all of them together left out."""
    chosen = dict.fromkeys(claimed)
    if len(names) <= FEW:
        for size in range(1, len(names)):
            chosen |= dict.fromkeys(frozenset(some) for some in combinations(names, size))
    yield from (members for members in chosen if len(members) < len(names))


def _worth(dataset: Dataset, members: frozenset[str], seconds: float) -> tuple[float, float]:
    """Return the value of a coalition and its bound."""
    solution = solve(build(dataset, members=members), time_limit=seconds, gap=GAP)
    if solution.status == "infeasible":
        return -np.inf, -np.inf
    return (-np.inf if solution.x is None else solution.value), solution.bound
