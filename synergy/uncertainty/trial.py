"""Trials: re-evaluate a plan and the best plan for a changed figure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np
import pandas as pd

from synergy.candidates.scope import everyone
from synergy.dataset.sheet import Dataset
from synergy.engine import problem
from synergy.errors import UsageError
from synergy.model.assembly import Assembly
from synergy.model.build import Model, objective
from synergy.model.decode import decode, integers_of
from synergy.model.local_branching import Near, Wish
from synergy.model.solve_params import SolveParams
from synergy.network.links import between_enterprises
from synergy.network.places import Bools, Floats, Ints, places_of, positions
from synergy.network.units import units_of
from synergy.plan import Decisions
from synergy.uncertainty.figures import Figure, changed

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
class TrialOutcome:
    """Effect of a changed figure on the plan.

    `best` is the value of the best plan found, money a year, and `decisions` that plan, None if it was not searched
    for; `kept` is the value of the plan with its commitments kept, -inf where it cannot be carried out.
    """

    best: float
    kept: float
    decisions: Decisions | None = None

    @property
    def regret(self) -> float:
        """Return the regret: money a year lost by having decided without knowing the figure."""
        return max(0.0, self.best - self.kept)


class FigureTrial:
    """Evaluate a plan under changed figures, with its problem kept in a solver.

    The plan is replaced if a better one is found at the start; `seconds` is the most time for a search of better
    decisions.
    """

    def __init__(self, dataset: Dataset, decisions: Decisions, params: SolveParams, seconds: float) -> None:
        self.dataset, self._params = dataset, params
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
        return Near(model, stand.whole, self._params), stand

    def slope(self, figure: Figure) -> float:
        """Return a first-order estimate of a figure's effect (money a year), from amounts and reduced costs.

        Columns in use count by amount; columns at 0 count if the change exceeds their reduced cost.
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
        """Return the objective coefficients with a changed figure."""
        dataset, candidates = changed(self.dataset, figure, end), self.model.candidates
        network = replace(candidates.network, dataset=dataset)
        if PRICES[figure.table, figure.column]:
            network = replace(network, units=units_of(dataset, network.places))
        return objective(Assembly(columns=self.model.columns), replace(candidates, network=network))

    def quick(self, figure: Figure, end: str) -> TrialOutcome:
        """Return the effect of a figure estimated by LPs alone, warm-started for price changes.

        The value of the best plan is estimated by the change of the relaxation's bound.
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
        return TrialOutcome(best, worth)

    def exact(self, figure: Figure, end: str, seconds: float) -> TrialOutcome:
        """Return the effect of a figure with the best plan re-optimised in a new model."""
        model = problem(changed(self.dataset, figure, end), everyone(self.model.candidates.network.places))
        near, stand = self._near(model, self.decisions)
        kept = near.rest(stand.wish, trim=False)
        best = near.around(Wish(), near.rest(Wish()), seconds)
        self.timed = self.timed or near.timed
        worth = -inf if kept is None else near.value(kept) - stand.sunk
        if best is None:
            return TrialOutcome(worth, worth)
        return TrialOutcome(max(near.value(best), worth), worth, decode(model, best)[0])


@dataclass(frozen=True, slots=True)
class Stand:
    """Commitments of a plan in a model.

    `whole`, shape (columns,), are its binaries; `wish` keeps sizes as built and allows no dealings that the plan has
    not. `sunk` is what its builds and links cost, money a year, and the model, which may leave them out, does not know.
    """

    whole: Floats
    wish: Wish
    sunk: float


def stand_of(model: Model, decisions: Decisions) -> Stand:
    """Return the commitments of a plan in a model of its dataset or of one with changed figures."""
    whole = integers_of(model, decisions)
    units, size = model.candidates.network.units, model.column("size")
    steps, builds = units.steps, decisions.builds
    step = size.key["step"] if len(size) else np.empty(0, np.int64)
    name = (builds["process"].astype(object) + "@" + builds["site"].astype(object)).to_numpy(object)
    keys = [
        pd.MultiIndex.from_arrays(side)
        for side in ((units.ids[steps.unit[step]], steps.size[step]), (name, builds["size"].to_numpy(object)))
    ]
    place = keys[1].get_indexer(keys[0])
    capacity = np.where(place >= 0, np.append(builds["capacity"].to_numpy(float), 0.0)[place], 0.0)
    lacking = ~keys[1].isin(keys[0])
    sunk = float(builds["annual_cost"].to_numpy(float)[lacking].sum())
    fits = capacity <= np.maximum(model.upper[size.span], 0.0)
    return Stand(
        whole, Wish(closed=_strangers(model, decisions), fixed=size.positions[fits], amounts=capacity[fits]), sunk
    )


def _strangers(model: Model, decisions: Decisions) -> Ints:
    """Return the flow columns between enterprises without a deal in that commodity in the plan."""
    flow = model.column("flow")
    if not len(flow):
        return np.empty(0, np.int64)
    network, places = model.candidates.network, model.candidates.network.places
    arc = flow.key["arc"]
    origin = network.sources.site[network.arcs.outlet[arc]]
    target = network.sinks.site[network.arcs.inlet[arc]]
    commodity = network.sources.commodity[network.arcs.outlet[arc]]
    between: Bools = between_enterprises(places, origin, target)
    firms, goods = len(places.enterprises), len(places.commodities)
    key = (places.owner[origin] * firms + places.owner[target]) * goods + commodity
    flows = decisions.flows
    ends = [positions(flows[name], places.sites) for name in ("from_site", "to_site")]
    known = (places.owner[ends[0]] * firms + places.owner[ends[1]]) * goods
    known += positions(flows["commodity"], places.commodities)
    return flow.start + np.flatnonzero(between & ~np.isin(key, known))
