"""Claims that only another solve can check: what each could do alone, the status quo, today."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from synergy.dataset.dataset import Dataset
from synergy.errors import Severity
from synergy.literal.build import build
from synergy.literal.scope import Variant
from synergy.literal.solve import LiteralSolution, solve
from synergy.plan import Plan
from synergy.verification.coalitions import coalitions_again
from synergy.verification.findings import Book, Finding

NEAR = 1e-5  # part of a value by which two solvers may differ
GAP = 1e-6


class Clock:
    """Seconds that are left."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the end, negative past it."""
        return self._end - time.monotonic()


def solved_again(dataset: Dataset, plan: Plan, seconds: float = 60.0) -> tuple[Finding, ...]:
    """Solve again, by the contract's model word by word, what a plan is compared with.

    Parameters
    ----------
    dataset : Dataset
        What the plan says it follows from.
    plan : Plan
    seconds : float
        When to stop; what is not checked by then is said in warnings.

    Returns
    -------
    tuple of Finding
        Values of `standalone`, `status_quo`, `today` and of coalitions that do not follow.
    """
    book, clock = Book(), Clock(seconds)
    if plan.standalone is None:
        return ()
    firms = [str(name) for name in dataset["enterprises"]["enterprise"]]
    _compared(book, "today", plan.today, [lambda left: _solved(dataset, None, Variant.TODAY, left)], clock)
    for name in firms:
        if name in plan.standalone:
            ask = [_alone(dataset, name, Variant.ROUND)]
            _compared(book, f"standalone.{name}", plan.standalone[name], ask, clock)
    quo = [_alone(dataset, name, Variant.QUO) for name in firms]
    _compared(book, "status_quo", plan.status_quo, quo, clock)
    book.found += coalitions_again(dataset, plan, clock.left)
    return tuple(_counted(book.found))


def _counted(found: list[Finding]) -> Iterator[Finding]:
    """Yield findings, those of what was not checked as one."""
    late = [finding.subject for finding in found if not finding.refuses]
    yield from (finding for finding in found if finding.refuses)
    if late:
        said = ", ".join(late[:3]) + (f" and {len(late) - 3} more" if len(late) > 3 else "")
        yield Finding("unchecked", said, "not solved again in the time given", Severity.WARNING)


_Ask = Callable[[float], LiteralSolution]


def _alone(dataset: Dataset, name: str, variant: Variant) -> _Ask:
    return lambda left: _solved(dataset, name, variant, left)


def _solved(dataset: Dataset, name: str | None, variant: Variant, left: float) -> LiteralSolution:
    model = build(dataset, members=None if name is None else {name}, variant=variant)
    return solve(model, time_limit=left, gap=GAP)


def _compared(book: Book, subject: str, claim: float | None, asks: list[_Ask], clock: Clock) -> None:
    """Compare a claim with the sum of what is solved; None with a coalition that no plan satisfies."""
    code, low, high = subject.partition(".")[0], 0.0, 0.0
    for status, value, bound in _answers(asks, clock):
        if status not in ("optimal", "feasible", "infeasible"):
            book.add("unchecked", subject, "not solved again in the time given", Severity.WARNING)
            return
        low, high = (low + value, high + bound) if status != "infeasible" else (-np.inf, -np.inf)
    if claim is None or high == -np.inf:
        if claim is not None or high != -np.inf:
            book.add(code, subject, f"claimed {claim}, found {None if high == -np.inf else low}")
        return
    room = NEAR * max(1.0, abs(high))
    if not low - room <= claim <= high + room:
        book.add(code, subject, f"claimed {claim:.12g}, found {low:.12g}")


def _answers(asks: list[_Ask], clock: Clock) -> Iterator[tuple[str, float, float]]:
    for ask in asks:
        if clock.left <= 0:
            yield "no_plan", 0.0, 0.0
            return
        solution = ask(clock.left)
        yield solution.status, solution.value, max(solution.bound, solution.value)
