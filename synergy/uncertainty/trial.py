"""Trials: the plan in a solver, asked what it and the best plan are worth when one figure is another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np

from synergy.candidates.scope import everyone
from synergy.dataset.dataset import Dataset
from synergy.engine import problem
from synergy.errors import UsageError
from synergy.model.assembly import Assembly
from synergy.model.build import Model
from synergy.model.decode import decode
from synergy.model.effort import Effort
from synergy.model.near import Near, Wish
from synergy.model.objective import objective
from synergy.network.places import Floats, places_of
from synergy.network.units import units_of
from synergy.plan import Decisions
from synergy.uncertainty.figures import Figure, changed
from synergy.uncertainty.stand import Stand, stand_of

# columns that enter the objective alone, and whether they are figures of units
PRICES = {
    ("offers", "price"): False,
    ("needs", "price"): False,
    ("markets", "price"): False,
    ("stores", "charge_cost"): False,
    ("stores", "hold_cost"): False,
    ("facilities", "opex"): True,
    ("processes", "opex"): True,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a changed figure makes of the plan.

    Parameters
    ----------
    best : float
        Value of the best plan found, money a year.
    kept : float
        Value of the plan with its commitments kept; -inf where it cannot be carried out.
    decisions : Decisions or None
        The best plan; None where it was not looked for.
    """

    best: float
    kept: float
    decisions: Decisions | None = None

    @property
    def regret(self) -> float:
        """Money a year lost by having decided without knowing the figure."""
        return max(0.0, self.best - self.kept)


class Trial:
    """A plan in a solver.

    Parameters
    ----------
    dataset : Dataset
    decisions : Decisions
        The plan; where a better one is met at once, that is taken in its place.
    effort : Effort
    seconds : float
        Most time for a search of better decisions.
    """

    def __init__(self, dataset: Dataset, decisions: Decisions, effort: Effort, seconds: float) -> None:
        self.dataset, self._effort = dataset, effort
        self.timed = False  # whether a clock has ended a search so far
        self.model = problem(dataset, everyone(places_of(dataset)))
        near, _ = self._near(self.model, decisions)
        x = near.rest(Wish())
        if x is None:
            raise UsageError(
                "the plan's builds and links fit no exchanges of this dataset: give the scenario it was made with "
                "/ 该方案的新建装置和线路与数据集不符：请给出其情景"
            )
        self.asked = near.value(x)
        x = near.around(Wish(), x, seconds)
        assert x is not None
        self.timed = near.timed
        near.settle(x)
        self._known: Floats | None = None
        self.x: Floats = x
        self.value = near.value(x)
        self.decisions = decode(self.model, x)[0]
        self.stand = stand_of(self.model, self.decisions)
        self._warm = near
        self.relaxed = near.bound(Wish())

    def _near(self, model: Model, decisions: Decisions) -> tuple[Near, Stand]:
        stand = stand_of(model, decisions)
        return Near(model, stand.whole, self._effort), stand

    def slope(self, figure: Figure) -> float:
        """Return a quick guess of what a figure may do (money a year): exact for the plan unchanged, a bound beside it.

        What the plan uses counts by amount; what it leaves out counts where its reduced cost is passed.
        """
        if (figure.table, figure.column) not in PRICES:
            return inf  # only solving again tells
        guess = 0.0
        reduced, most = self._reduced(), np.where(np.isfinite(self.model.upper), self.model.upper, 0.0)
        for end in figure.ends:
            more = self._cost(figure, end) - self.model.cost
            entering = np.maximum(more - np.maximum(reduced, 0.0), 0.0) * (most - self.x)
            guess = max(guess, abs(float(more @ self.x)) + float(np.maximum(entering, 0.0).max(initial=0.0)))
        return guess

    def _reduced(self) -> Floats:
        if self._known is None:
            self._known = self._warm.reduced()
        return self._known

    def _cost(self, figure: Figure, end: str) -> Floats:
        """Return the money of a unit of each column with another figure."""
        dataset, candidates = changed(self.dataset, figure, end), self.model.candidates
        network = replace(candidates.network, dataset=dataset)
        if PRICES[figure.table, figure.column]:
            network = replace(network, units=units_of(dataset, network.places))
        return objective(Assembly(columns=self.model.columns), replace(candidates, network=network))

    def quick(self, figure: Figure, end: str) -> Outcome:
        """Return what a figure makes of the plan, by linear problems alone, those of prices warm.

        The best plan is guessed from the relaxation: it gains there as much more as its bound does.
        """
        if (figure.table, figure.column) in PRICES:
            near, stand, base = self._warm, self.stand, self.relaxed
            near.reprice(self._cost(figure, end))
        else:
            model = problem(changed(self.dataset, figure, end), everyone(self.model.candidates.network.places))
            near, stand = self._near(model, self.decisions)
            base = self.relaxed
        free, kept = near.rest(Wish()), near.rest(stand.wish, trim=False)
        guess = self.value + near.bound(Wish()) - base
        best = max(guess, -inf if free is None else near.value(free))
        worth = -inf if kept is None else near.value(kept) - stand.sunk
        if near is self._warm:
            near.reprice(self.model.cost)
        return Outcome(best, worth)

    def exact(self, figure: Figure, end: str, seconds: float) -> Outcome:
        """Return what a figure makes of the plan, the best plan searched for in a model of its own."""
        model = problem(changed(self.dataset, figure, end), everyone(self.model.candidates.network.places))
        near, stand = self._near(model, self.decisions)
        kept = near.rest(stand.wish, trim=False)
        best = near.around(Wish(), near.rest(Wish()), seconds)
        self.timed = self.timed or near.timed
        worth = -inf if kept is None else near.value(kept) - stand.sunk
        if best is None:
            return Outcome(worth, worth)
        return Outcome(max(near.value(best), worth), worth, decode(model, best)[0])
