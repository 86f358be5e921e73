"""Sensitivity analysis: rank uncertain figures by the regret of deciding without knowing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import inf, isnan

import numpy as np
import pandas as pd

from synergy.candidates.scope import everyone
from synergy.dataset.schema import YEAR
from synergy.dataset.sheet import Dataset, yearly
from synergy.engine import alone_of, match, problem
from synergy.errors import UsageError
from synergy.model.build import Model, objective
from synergy.model.decode import decode, integers_of
from synergy.model.local_branching import Near, Wish
from synergy.model.search import LARGE, SMALL
from synergy.model.solve_params import SolveParams
from synergy.near_optimal.directions import distance, features_of
from synergy.network.network import between_enterprises
from synergy.network.places import Bools, Floats, Ints, places_of, positions
from synergy.network.units import units_of
from synergy.options import Options
from synergy.plan import Decisions, Plan
from synergy.records.plain import plain
from synergy.scenario import JSON
from synergy.texts import LANGUAGES
from synergy.uncertainty.figures import Figure, changed, figures_of, subject
from synergy.verification.verify import assert_valid

ASKED = 40  # figures that are looked at by linear problems
SEARCHED = 8  # of those, for which decisions are searched for anew
# of the time: for the plan itself, linear problems, searches; the rest is for what enterprises could do alone
PARTS = (0.1, 0.25, 0.35)
PERT = 1 / 6  # weight of each end (Malcolm et al. 1959, Operations Research 7:646)
NOUGHT = 1e-7  # part of the value that is none
OF_SITE = ("offers", "needs", "facilities", "stores")
SECONDS = 30.0
SCHEMA = "synergy/sensitivity/1"
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
class End:
    """Effect of a figure at one end, ``low`` or ``high``, of its interval.

    `change` is the value of the best plan at this end less the plan's value now (money a year), and `gain` the change
    of the gain, None if some enterprise has no standalone plan, or it was not computed. `regret` is the loss of the
    plan, with its commitments fixed, against the best plan at this end, None if infeasible. `changes`: another plan is
    better there, at a `distance` from the plan, see `synergy.near_optimal.directions`, None where not searched.
    """

    end: str
    change: float
    gain: float | None
    regret: float | None
    changes: bool
    distance: float | None


@dataclass(frozen=True, slots=True)
class Uncertain:
    """An uncertain figure and its effects at the ends of its interval that are not the value itself, low first.

    `searched`: the binaries were re-optimised, not estimated from the relaxation.
    """

    figure: Figure
    ends: tuple[End, ...]
    searched: bool

    @property
    def worst(self) -> float | None:
        """Return the greatest regret; None if the plan is infeasible at one of the ends."""
        regrets = [end.regret for end in self.ends]
        return None if None in regrets else max((regret for regret in regrets if regret is not None), default=0.0)

    @property
    def expected(self) -> float | None:
        """Return the expected regret with PERT weights: one sixth for each end, the rest for the value."""
        regrets = [end.regret for end in self.ends]
        return None if None in regrets else PERT * sum(regret for regret in regrets if regret is not None)

    @property
    def span(self) -> float:
        """Return the greatest change of the gain, or of the value if the gain is unknown (money a year)."""
        return max((abs(end.change if end.gain is None else end.gain) for end in self.ends), default=0.0)

    @property
    def changes(self) -> bool:
        """Return whether another plan is better at one of the ends."""
        return any(end.changes for end in self.ends)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Result of a sensitivity analysis of a plan.

    Parameters
    ----------
    value : float
        Of the plan (money a year).
    better : float or None
        Value of a better plan that was met at once and taken in its place.
    found : tuple of Uncertain
        In decreasing order of rank.
    known : int
        Uncertain figures in all.
    yearly : bool
        Whether periods were aggregated to one year because the multi-period problem is too large.
    stopped : str or None
        ``clock`` or ``request`` if that ended a search early, so that a rerun may rank other figures; None otherwise.
    """

    value: float
    better: float | None
    found: tuple[Uncertain, ...]
    known: int
    yearly: bool = False
    stopped: str | None = None


def sensitivity(dataset: Dataset, plan: Plan | None = None, *, params: SolveParams | None = None) -> Sensitivity:
    """Return the uncertain figures with the greatest effect on the plan or its gain, and their regret.

    Parameters
    ----------
    dataset : Dataset
        Figures are uncertain where ``<name>_low`` or ``<name>_high`` say so, where a price or running cost stands at
        its default, and where a limited quality is not stated.
    plan : Plan, optional
        The plan chosen now; the best one found where there is none.
    params : SolveParams, optional
        Stopping criteria; 180 s by default.

    Raises
    ------
    UsageError
        There is no plan.
    VerificationError
        The plan does not follow from the dataset.

    Notes
    -----
    Regret: value of the best plan with the other figure, less that of the plan chosen now, whose builds, links and
    dealings are kept while amounts follow the figure. Figures are ranked by slopes and reduced costs, the first of them
    by linear problems, and the first of those by searching for decisions anew.
    """
    params = params or SolveParams(time_limit=180.0)
    if plan is not None:
        assert_valid(dataset, plan)
    else:
        plan = match(dataset, Options(params.gap, params.left / 4, "none", threads=params.threads)).plan
        if plan is None:
            raise UsageError("there is no plan: see synergy match / 没有方案：请先运行 synergy match")
    several = len(dataset["periods"]) > 1
    large = several and len(problem(dataset, everyone(places_of(dataset))).cost) > LARGE
    if large:
        dataset = yearly(dataset)
        flows, runs = (getattr(plan.decisions, name).assign(period=YEAR[0]) for name in ("flows", "runs"))
        plan = replace(plan, decisions=replace(plan.decisions, flows=flows, runs=runs), standalone=None)
    study = _Study(dataset, plan, params)
    found = study.searched(study.looked())
    found = study.gained(sorted(found, key=_rank))
    better = study.trial.value if study.trial.value > study.trial.asked + study.nought else None
    order = tuple(sorted(found, key=_rank))
    return Sensitivity(study.trial.value, better, order, len(study.figures), large, study.stopped)


def _rank(one: Uncertain) -> tuple[float, float]:
    """Return the sort key of figures: worst regret first, then the greatest change."""
    return (-inf if one.worst is None else -one.worst, -one.span)


class _Study:
    """A plan, its uncertain figures, and the time budget for their analysis."""

    def __init__(self, dataset: Dataset, plan: Plan, params: SolveParams) -> None:
        self.dataset, self.plan, self.params = dataset, plan, params
        self.time = params.left
        self.trial = FigureTrial(dataset, plan.decisions, params, self.time * PARTS[0])
        self.nought = NOUGHT * max(1.0, abs(self.trial.value))
        self.figures = figures_of(dataset, self.trial.model)
        self.features = features_of(dataset, self.trial.decisions)
        self.over: str | None = None

    @property
    def stopped(self) -> str | None:
        """Return the reason for an early end of the analysis: ``clock``, ``request`` or None."""
        return self.over or ("clock" if self.trial.timed else None)

    def _past(self, until: float = 0.0) -> bool:
        """Return whether to stop, and record the reason."""
        why = "clock" if self.params.left <= until else self.params.ended()
        self.over = self.over or why
        return why is not None

    def looked(self) -> list[Uncertain]:
        """Return the most promising figures, evaluated by LPs."""
        until = self.params.left - self.time * PARTS[1]
        found = []
        for figure in _first(self.figures, self.trial):
            if self._past(until):
                break
            outcomes = [self.trial.quick(figure, end) for end in figure.ends]
            found.append(self._uncertain(figure, outcomes, searched=not self.trial.model.integer.any()))
        return sorted(found, key=_rank)

    def searched(self, found: list[Uncertain]) -> list[Uncertain]:
        """Return the figures, the first of them re-evaluated by a search over the binaries."""
        until = self.params.left - self.time * PARTS[2]
        whole = int(self.trial.model.integer.sum())
        count = 0 if not whole else len(found) if whole <= SMALL else SEARCHED
        each = self.time * PARTS[2] / max(1, 2 * count)
        for place, one in enumerate(found[:count]):
            if self._past(until):
                break
            outcomes = [self.trial.exact(one.figure, end, each) for end in one.figure.ends]
            found[place] = self._uncertain(one.figure, outcomes, searched=True)
        return found

    def gained(self, found: list[Uncertain]) -> list[Uncertain]:
        """Return the figures with the change of the gain, as many as time permits."""
        alone = StandaloneValues(self.dataset, self.plan.standalone, self.params)
        for place, one in enumerate(found):
            if self._past():
                break
            ends = []
            for end in one.ends:
                change = alone.change(changed(self.dataset, one.figure, end.end), one.figure)
                ends.append(end if change is None else replace(end, gain=end.change - change))
                self.over = self.over or alone.stopped
            found[place] = replace(one, ends=tuple(ends))
        return found

    def _uncertain(self, figure: Figure, outcomes: list[TrialOutcome], *, searched: bool) -> Uncertain:
        ends = zip(figure.ends, outcomes, strict=True)
        return Uncertain(figure, tuple(self._end(name, outcome) for name, outcome in ends), searched)

    def _end(self, end: str, outcome: TrialOutcome) -> End:
        regret = None if outcome.kept == -inf else outcome.regret
        if regret is not None and regret <= self.nought:
            regret = 0.0
        away = None
        if outcome.decisions is not None:
            away = distance(self.features, features_of(self.dataset, outcome.decisions)) if regret != 0 else 0.0
        return End(end, outcome.best - self.trial.value, None, regret, regret != 0, away)


def _first(figures: list[Figure], trial: FigureTrial) -> list[Figure]:
    """Return the figures to evaluate first: half by slope, half by width of their interval."""
    slopes = {place: trial.slope(figure) for place, figure in enumerate(figures)}
    priced = sorted((place for place, slope in slopes.items() if slope < inf), key=lambda place: -slopes[place])
    others = [place for place, slope in slopes.items() if slope == inf]
    others.sort(key=lambda place: -_width(figures[place]))
    wide = others[: max(ASKED // 2, ASKED - len(priced))]
    return [figures[place] for place in (*priced[: ASKED - len(wide)], *wide)]


def _width(figure: Figure) -> float:
    """Return the relative width of an interval; inf if the value is 0 or unknown."""
    row = figure.rows[0]
    if isnan(row.value) or not row.value:
        return inf
    return (row.high - row.low) / abs(row.value)


class StandaloneValues:
    """Standalone values of enterprises, computed on demand; `known` are those that a plan states."""

    def __init__(self, dataset: Dataset, known: Mapping[str, float | None] | None, params: SolveParams) -> None:
        self._dataset, self._params = dataset, params
        self._known = dict(known or {})
        self.stopped: str | None = None  # what ended anything so far other than its work
        self._recipes = dataset["recipes"].groupby("commodity")["process"].agg(set).to_dict()

    def change(self, other: Dataset, figure: Figure) -> float | None:
        """Return the change of the sum of all standalone values in another dataset, where `figure` is changed.

        The figure determines the enterprises affected. Money a year; None if one has no standalone plan or time is up.
        """
        total = 0.0
        for name in self.touched(figure):
            if ended := self._params.ended():
                self.stopped = self.stopped or ended
                return None
            if name not in self._known:
                self._known[name] = self._value(self._dataset, name)
            before, now = self._known[name], self._value(other, name)
            if before is None or now is None:
                return None
            total += now - before
        return total

    def touched(self, figure: Figure) -> list[str]:
        """Return the enterprises whose standalone value a figure can change."""
        dataset, every = self._dataset, self._dataset["enterprises"]["enterprise"].to_list()
        owner = dict(zip(dataset["sites"]["site"], dataset["sites"]["enterprise"], strict=True))
        places = [row.place for row in figure.rows]
        if figure.table not in (*OF_SITE, "markets"):
            return every
        sites = set(dataset[figure.table]["site"].iloc[places])
        owners = {owner.get(site, "") for site in sites}
        if "" not in owners:  # at their own places alone
            return [name for name in every if name in owners]
        if figure.table != "markets":
            return every
        return self._with(str(dataset["markets"]["commodity"].iloc[places[0]]), owner)

    def _with(self, commodity: str, owner: Mapping[str, str]) -> list[str]:
        """Return the enterprises that hold, need, make or use a commodity, or could, at own or public places."""
        dataset, sites = self._dataset, set[str]()
        for name in ("offers", "needs", "stores"):
            frame = dataset[name]
            sites |= set(frame.loc[frame["commodity"] == commodity, "site"])
        processes = self._recipes.get(commodity, set())
        frame = dataset["facilities"]
        sites |= set(frame.loc[frame["process"].isin(processes), "site"])
        if dataset.settings.allow_builds:
            frame = dataset["build_options"]
            buildable = dataset["processes"].loc[dataset["processes"]["buildable"], "process"]
            if "build_options" not in dataset.given and processes & set(buildable):
                return [str(name) for name in dataset["enterprises"]["enterprise"]]
            sites |= set(frame.loc[frame["process"].isin(processes), "site"])
        owners = {owner[site] for site in sites}
        return [str(name) for name in dataset["enterprises"]["enterprise"] if "" in owners or name in owners]

    def _value(self, dataset: Dataset, name: str) -> float | None:
        """Return the standalone value v({e}), None if infeasible."""
        index = dataset["enterprises"]["enterprise"].to_list().index(name)
        quiet = SolveParams(
            min(self._params.gap, 1e-6), min(SECONDS, max(self._params.left, 1.0)), self._params.threads
        )
        value = alone_of((dataset, quiet), brief=True)(index).value
        self.stopped = self.stopped or quiet.ended()
        return value


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
        near = Near(self.model, integers_of(self.model, decisions), params)
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
        self.x: Floats = x
        self.value = near.value(x)
        self.decisions = decode(self.model, x)[0]
        self.stand = _stand_of(self.model, self.decisions)
        self._warm = near
        self.relaxed = near.bound(Wish())

    def _changed(self, figure: Figure, end: str) -> tuple[Near, Stand]:
        """Return the problem with a changed figure, and the commitments of the plan in it."""
        model = problem(changed(self.dataset, figure, end), everyone(self.model.candidates.network.places))
        stand = _stand_of(model, self.decisions)
        return Near(model, stand.whole, self._params), stand

    def slope(self, figure: Figure) -> float:
        """Return a first-order estimate of a figure's effect (money a year), from amounts and reduced costs.

        Columns in use count by amount; columns at 0 count if the change exceeds their reduced cost.
        """
        if (figure.table, figure.column) not in PRICES:
            return inf  # only solving again tells
        guess = 0.0
        reduced, most = self._reduced, np.where(np.isfinite(self.model.upper), self.model.upper, 0.0)
        for end in figure.ends:
            more = self._cost(figure, end) - self.model.cost
            entering = np.maximum(more - np.maximum(reduced, 0.0), 0.0) * (most - self.x)
            guess = max(guess, abs(float(more @ self.x)) + float(np.maximum(entering, 0.0).max(initial=0.0)))
        return guess

    @cached_property
    def _reduced(self) -> Floats:
        return self._warm.reduced()

    def _cost(self, figure: Figure, end: str) -> Floats:
        """Return the objective coefficients with a changed figure."""
        dataset, candidates = changed(self.dataset, figure, end), self.model.candidates
        network = replace(candidates.network, dataset=dataset)
        if PRICES[figure.table, figure.column]:
            network = replace(network, units=units_of(dataset, network.places))
        return objective(self.model.columns, replace(candidates, network=network))

    def quick(self, figure: Figure, end: str) -> TrialOutcome:
        """Return the effect of a figure estimated by LPs alone, warm-started for price changes.

        The value of the best plan is estimated by the change of the relaxation's bound.
        """
        if (figure.table, figure.column) in PRICES:
            near, stand = self._warm, self.stand
            near.reprice(self._cost(figure, end))
        else:
            near, stand = self._changed(figure, end)
        free, kept = near.rest(Wish()), near.rest(stand.wish, trim=False)
        guess = self.value + near.bound(Wish()) - self.relaxed
        best = max(guess, -inf if free is None else near.value(free))
        worth = -inf if kept is None else near.value(kept) - stand.sunk
        if near is self._warm:
            near.reprice(self.model.cost)
        return TrialOutcome(best, worth)

    def exact(self, figure: Figure, end: str, seconds: float) -> TrialOutcome:
        """Return the effect of a figure with the best plan re-optimised in a new model."""
        near, stand = self._changed(figure, end)
        kept = near.rest(stand.wish, trim=False)
        best = near.around(Wish(), near.rest(Wish()), seconds)
        self.timed = self.timed or near.timed
        worth = -inf if kept is None else near.value(kept) - stand.sunk
        if best is None:
            return TrialOutcome(worth, worth)
        return TrialOutcome(max(near.value(best), worth), worth, decode(near.model, best)[0])


@dataclass(frozen=True, slots=True)
class Stand:
    """Commitments of a plan in a model.

    `whole`, shape (columns,), are its binaries; `wish` keeps sizes as built and allows no dealings that the plan has
    not. `sunk` is what its builds and links cost, money a year, and the model, which may leave them out, does not know.
    """

    whole: Floats
    wish: Wish
    sunk: float


def _stand_of(model: Model, decisions: Decisions) -> Stand:
    """Return the commitments of a plan in a model of its dataset or of one with changed figures."""
    whole = integers_of(model, decisions)
    units, size = model.candidates.network.units, model.columns["size"]
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
    flow = model.columns["flow"]
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


def sensitivity_record(dataset: Dataset, found: Sensitivity) -> dict[str, JSON]:
    """Return uncertain figures as a plain JSON record, by rank; money a year in the dataset's currency."""
    return {
        "schema": SCHEMA,
        "dataset": {"name": dataset.name, "digest": dataset.digest},
        "value": found.value,
        "better": found.better,
        "uncertain": found.known,
        "yearly": found.yearly,
        "stopped": found.stopped,
        "figures": [_record(dataset, place, one) for place, one in enumerate(found.found, 1)],
    }


def _record(dataset: Dataset, place: int, one: Uncertain) -> dict[str, JSON]:
    figure = one.figure
    rows = [
        {name: plain(getattr(row, name)) for name in ("line", "key", "low", "value", "high")} for row in figure.rows
    ]
    return {
        "rank": place,
        **{f"title_{lang}": subject(dataset, figure, lang) for lang in LANGUAGES},
        "table": figure.table,
        "column": figure.column,
        "origin": str(figure.origin),
        "rows": rows,
        "ends": [plain(asdict(end)) for end in one.ends],
        "regret_worst": one.worst,
        "regret_expected": one.expected,
        "plan_changes": one.changes,
        "searched": one.searched,
    }
