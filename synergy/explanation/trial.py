"""Trial: the unpruned problem of a plan with its integers fixed, kept warm for questions about single exchanges.

The engine tightens every bound by what can reach it. A question such as "what if there were more of it" needs the
bounds that would hold then, so the problem is built for ends that are `ROOM` times as large, and only the columns and
rows that state an amount are set back.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from synergy.candidates.candidates import Candidates, ReachBounds, candidates_of
from synergy.candidates.scope import everyone
from synergy.dataset.sheet import Dataset
from synergy.errors import UsageError
from synergy.model.build import Model, build
from synergy.model.decode import integers_of
from synergy.model.fixed import NOTHING as NOWHERE
from synergy.model.fixed import FixedModel, Rest
from synergy.model.highs import SolverSession
from synergy.network.ends import EndKind, Ends
from synergy.network.network import WITHIN, Links, Network, Remote, network_of
from synergy.network.places import Bools, Floats, Ints, Places
from synergy.plan import Decisions

SLOPES, THINNED = 6, 8  # rounds of slope scaling, and decisions tried without
PART = 1e-9  # part of a yes-or-no that the relaxation uses
FORCED = 0.01  # part of what an exchange could carry that it has to carry when it is forced in
NOTHING = 1e-6  # part of it below which it carries nothing
TIE = 1e-8  # part of the value below which two plans are worth the same
ROOM = 11.0
CLOSE = 1e-3  # relative width at which an amount is the smallest
DOUBLINGS, HALVINGS = 24, 14
NEWTONS = 40
UNSEEN = 100.0  # grains below which a subsidy is none
MARGINS = (1.0, 1e1, 1e2, 1e3, 1e4)  # what is added to a threshold so that the solver sees it, in grains


@dataclass(frozen=True, slots=True)
class Question:
    """Question about one exchange: sites, commodity, and optionally period and mode.

    Parameters
    ----------
    origin, target : str
        Sites.
    commodity : str
    period : str
        "" for the whole year.
    mode : str
        "" for any.
    """

    origin: str
    target: str
    commodity: str
    period: str = ""
    mode: str = ""

    @property
    def keys(self) -> dict[str, str]:
        """Return the exchange as key columns of flows and links, any mode."""
        return {"from_site": self.origin, "to_site": self.target, "commodity": self.commodity}

    def rows(self, frame: pd.DataFrame) -> pd.Series:
        """Return which rows of a table of flows or links are of the exchange, over any mode and period."""
        from_site, to_site, commodity = (frame[name] == value for name, value in self.keys.items())
        return from_site & to_site & commodity

    def among(self, places: Places, pairs: Links | Remote) -> Bools:
        """Return which links, or pairs without one, are of the exchange, over any mode."""
        mine = (places.sites[pairs.origin] == self.origin) & (places.sites[pairs.target] == self.target)
        return np.asarray(mine & (places.commodities[pairs.commodity] == self.commodity))

    def indices(self, places: Places) -> tuple[Ints, Ints, Ints]:
        """Return the positions of origin, target and commodity among the places, each of shape (1,)."""
        known = ((places.sites, self.origin), (places.sites, self.target), (places.commodities, self.commodity))
        origin, target, commodity = (np.flatnonzero(ids == ident) for ids, ident in known)
        return origin, target, commodity

    def check(self, dataset: Dataset) -> None:
        """Raise `UsageError` with close matches if the dataset has no such site, commodity, period or mode."""
        modes = {*dataset["transport"]["mode"], *dataset["links"]["mode"]}
        for what, zh, name, known in (
            ("site", "厂区", self.origin, dataset["sites"]["site"].to_list()),
            ("site", "厂区", self.target, dataset["sites"]["site"].to_list()),
            ("commodity", "物料", self.commodity, dataset["commodities"]["commodity"].to_list()),
            ("period", "时段", self.period, dataset["periods"]["period"].to_list()),
            ("mode", "运输方式", self.mode, sorted(modes)),
        ):
            names = [str(one) for one in known]
            if name in names or (not name and what in ("period", "mode")):
                continue
            near = difflib.get_close_matches(name, names, 3) or names[:3]
            raise UsageError(
                f"no such {what}: {name!r}; expected one of the dataset's, as {', '.join(near)} "
                f"/ 没有这个{zh}：{name!r}；应为数据集中的，例如 {'、'.join(near)}"
            )

    def arcs(self, network: Network) -> Ints:
        """Return the arcs between groups that the question covers."""
        places, arcs = network.places, network.arcs
        origin = places.sites[network.sources.site[arcs.outlet]] == self.origin
        target = places.sites[network.sinks.site[arcs.inlet]] == self.target
        good = places.commodities[network.sources.commodity[arcs.outlet]] == self.commodity
        hit = origin & target & good
        if self.mode:
            modes = np.append(network.links.mode, "")
            hit &= (arcs.link != WITHIN) & (modes[arcs.link] == self.mode)
        return np.flatnonzero(hit)

    def periods(self, network: Network) -> Bools:
        """Return which periods the question covers."""
        names = network.places.periods
        return np.asarray(names == self.period) if self.period else np.ones(len(names), dtype=bool)


class Trial:
    """Unpruned problem of a plan with its integer decisions fixed, for counterfactual solves.

    The builds, links and switches of the plan are held. The dataset is the plan's or a modified one; with `narrow`, no
    other decisions can be asked for, see `synergy.model.fixed.FixedModel`.
    """

    def __init__(self, dataset: Dataset, decisions: Decisions, *, narrow: bool = False) -> None:
        self.dataset, self.decisions = dataset, decisions
        self.network = network_of(dataset)
        self.model: Model = _roomy(self.network)
        self.whole = integers_of(self.model, decisions)
        self.held = FixedModel(self.model, self.whole, narrow=narrow)
        self.rest = self.held.solve()

    @property
    def value(self) -> float:
        """Return the value of the plan with its integers fixed, in money a year."""
        return self.rest.value

    @property
    def tie(self) -> float:
        """Return the tolerance in money within which two plans have equal value."""
        return TIE * max(1.0, abs(self.value))

    @cached_property
    def pruned(self) -> Candidates:
        """Return the candidates after pruning, with the reasons for the pruned ones."""
        return candidates_of(self.network, everyone(self.network.places))

    @cached_property
    def reach(self) -> ReachBounds:
        """Return the tightest bounds on the flows, without pruning."""
        return candidates_of(self.network, everyone(self.network.places), prune=False).reach

    @cached_property
    def relaxed(self) -> Floats:
        """Return the reduced cost of each column at the optimum of the relaxation, NaN if there are no duals."""
        problem = self.held.problem
        dual = SolverSession(problem, relaxed=True).solve().column_dual
        if dual is None:
            return np.full(len(problem.cost), np.nan)
        reduced: Floats = dual * problem.money / problem.column
        return reduced


@dataclass(frozen=True, slots=True)
class Way:
    """Integer decisions that bring an exchange in (links, builds, switches), and the best plan with them.

    `whole` has the values of the exchange's own integer columns, `quantity` is exchanged in that plan, a year.
    """

    whole: Floats
    rest: Rest
    quantity: float


class Exchange:
    """One exchange of a trial: its columns, its own integer decisions, and the solves that force it in."""

    def __init__(self, trial: Trial, question: Question) -> None:
        self.trial, self.question = trial, question
        network, model = trial.network, trial.model
        self.arcs = question.arcs(network)
        flow = model.columns["flow"]
        hit = np.isin(flow.key["arc"], self.arcs) if len(flow) else np.empty(0, dtype=bool)
        if len(flow):
            hit &= question.periods(network)[flow.key["period"]]
        self.flows: Ints = flow.start + np.flatnonzero(hit)
        arc = flow.key["arc"][hit] if len(flow) else np.empty(0, np.int64)
        self.links = np.unique(network.arcs.link[arc])
        self.links = self.links[self.links >= 0]
        self.sources, self.sinks = np.unique(network.arcs.outlet[arc]), np.unique(network.arcs.inlet[arc])
        self.outlets: Ints = np.flatnonzero(np.isin(network.outlets.group, self.sources))
        self.inlets: Ints = np.flatnonzero(np.isin(network.inlets.group, self.sinks))
        period = flow.key["period"][hit] if len(flow) else arc
        most = float(trial.reach.flow[arc, period].sum())
        self.most = most if 0 < most < np.inf else 1.0
        self.own = self._own_integers()

    def units(self, ends: Ends, members: Ints) -> Ints:
        """Return the units among some members."""
        return np.unique(ends.ref[members[ends.kind[members] == EndKind.UNIT]])

    def _own_integers(self) -> Ints:
        """Return the integer columns that the exchange may need: links of the pair, units and switches at its ends."""
        network, model, whole = self.trial.network, self.trial.model, self.trial.whole
        units = np.concatenate([self.units(network.outlets, self.outlets), self.units(network.inlets, self.inlets)])
        steps, found = network.units.steps, [np.empty(0, np.int64)]
        built, opened, switch, partner = (model.columns[name] for name in ("built", "open", "on", "partner"))
        if len(built):
            of = steps.unit[built.key["step"]]
            standing = np.unique(of[whole[built.span] > 0.5])
            found.append(built.start + np.flatnonzero(np.isin(of, np.setdiff1d(units, standing))))
        if len(switch):
            here = np.isin(switch.key["unit"], units) & self.question.periods(network)[switch.key["period"]]
            found.append(switch.start + np.flatnonzero(here))
        if len(partner):
            one, other = sorted(self.owners)
            found.append(partner.start + np.flatnonzero((partner.key["one"] == one) & (partner.key["other"] == other)))
        columns = np.unique(np.concatenate(found)).astype(np.int64)
        columns = columns[whole[columns] < 0.5]
        rivals = columns[:0]  # opened links of the pair: one may replace another
        if len(opened):
            pair = self.question.among(network.places, network.links)[opened.key["link"]]
            rivals = opened.start + np.flatnonzero(pair)
        return np.unique(np.concatenate([columns, rivals, self._companions(columns)])).astype(np.int64)

    def _companions(self, own: Ints) -> Ints:
        """Return the closed links that could bring new units at the ends other inputs or carry their products."""
        trial, network, model = self.trial, self.trial.network, self.trial.model
        built, opened = model.columns["built"], model.columns["open"]
        new = own[(own >= built.start) & (own < built.stop)] - built.start
        if not len(new) or not len(opened):
            return np.empty(0, np.int64)
        units = np.unique(network.units.steps.unit[built.key["step"][new]])
        touched = np.zeros(len(network.arcs.link), dtype=bool)
        for ends, group in ((network.outlets, network.arcs.outlet), (network.inlets, network.arcs.inlet)):
            mine = np.unique(ends.group[(ends.kind == EndKind.UNIT) & np.isin(ends.ref, units)])
            touched |= np.isin(group, mine)
        touched &= (trial.pruned.reason == 0).any(axis=1)
        columns = opened.start + np.flatnonzero(np.isin(opened.key["link"], np.unique(network.arcs.link[touched])))
        return columns[trial.whole[columns] < 0.5]

    @property
    def owners(self) -> tuple[int, int]:
        """Return the enterprises at both ends, `synergy.network.places.PUBLIC` for a public place."""
        places = self.trial.network.places
        origin, target, _ = self.question.indices(places)
        return int(places.owner[origin[0]]), int(places.owner[target[0]])

    @property
    def names(self) -> tuple[str, ...]:
        """Return the ids of the enterprises at both ends, without public places."""
        return tuple(str(self.trial.network.places.enterprises[one]) for one in self.owners if one >= 0)

    def quantity(self, rest: Rest) -> float:
        """Return the quantity exchanged a year, 0 if it is below the tolerance."""
        if not len(rest.x):
            return 0.0
        total = float(rest.x[self.flows].sum())
        return total if total > NOTHING * self.most else 0.0

    def best(self) -> Way | None:
        """Return the best way found by slope scaling in the trial as modified, None if there is none.

        Dynamic slope scaling (Kim & Pardalos 1999, Operations Research Letters 24:195) over the few yes-or-no decisions
        that are the exchange's own, then each left out in turn: a good way, not always the best.
        """
        found = self._scaled() if len(self.own) else self.along(Way(np.empty(0), NOWHERE, 0.0))
        return found if found is not None and len(found.rest.x) else None

    def _scaled(self) -> Way | None:
        """Return the best way of dynamic slope scaling."""
        held, own = self.trial.held, self.own
        cost = self.trial.model.cost[own]
        more, seen = np.zeros(len(own)), set()
        best: Way | None = None
        for _ in range(SLOPES):
            with held.trying():
                held.bound(own, 0.0, 1.0)
                held.price(own, more)
                relaxed = held.solve()
            if not len(relaxed.x):
                break
            part = relaxed.x[own]
            chosen = self._rounded(part)
            if chosen.tobytes() in seen:
                break
            seen.add(chosen.tobytes())
            best = _better(best, self.along(Way(chosen, NOWHERE, 0.0)))
            more = np.where(part > PART, cost / np.maximum(part, PART) - cost, more)
        return best if best is None else self._thinned(best)

    def _rounded(self, part: Floats) -> Floats:
        """Return the relaxed decisions rounded up, with only the most used step of each unit."""
        built = self.trial.model.columns["built"]
        place = self.own - built.start
        step = (place >= 0) & (place < len(built))
        rival = np.where(step, 0, -1 - np.arange(len(part)))
        if step.any():
            rival[step] = self.trial.network.units.steps.unit[built.key["step"][place[step]]]
        order = np.lexsort((part, rival))
        last = np.append(np.diff(rival[order]) != 0, True)
        chosen = np.zeros(len(part))
        chosen[order[last]] = part[order[last]] > PART
        return chosen

    def _thinned(self, way: Way) -> Way:
        """Return a way without its unprofitable integer decisions, the most expensive tried first."""
        dear = np.argsort(self.trial.model.cost[self.own], kind="stable")
        for place in dear[way.whole[dear] > 0.5][:THINNED]:
            less = way.whole.copy()
            less[place] = 0.0
            way = _better(way, self.along(Way(less, NOWHERE, 0.0)))
        return way

    def forced(self) -> Way | None:
        """Return the best plan with at least `FORCED` of the exchange's maximum flow, None if infeasible."""
        held = self.trial.held
        with held.trying():
            held.together(self.flows, FORCED * self.most)
            return self.best()

    def along(self, way: Way) -> Way:
        """Return the best plan for a way in the trial as modified, without forcing the exchange in."""
        held = self.trial.held
        with held.trying():
            held.bound(self.own, way.whole, way.whole)
            rest = held.solve()
        return Way(way.whole, rest, self.quantity(rest))

    def needs(self, way: Way) -> Floats:
        """Return the integer decisions of a way that the plan does not have."""
        more: Floats = np.maximum(way.whole - self.trial.whole[self.own], 0.0)
        return more

    def enters(self, way: Way) -> Way | None:
        """Return the plan in which the exchange enters unforced in the trial as modified, None if it does not.

        The plan without the integer decisions it needs is the rival, and wins a tie.
        """
        found = self.along(way)
        if found.quantity <= 0:
            return None
        if self.needs(way).any() and self.trial.held.worth() >= found.rest.value - self.trial.tie:
            return None
        return found


def _better(one: Way | None, other: Way) -> Way:
    """Return the way with the higher value, the first on a tie."""
    return other if one is None or other.rest.value > one.rest.value else one


def trial_of(dataset: Dataset, decisions: Decisions, *, narrow: bool = False) -> Trial:
    """Return the trial of a plan; check that the plan is feasible for the dataset.

    Raises
    ------
    UsageError
        The plan does not follow from the dataset: nothing satisfies the constraints with its builds and links.
    """
    trial = Trial(dataset, decisions, narrow=narrow)
    if not len(trial.rest.x) and len(trial.model.cost):
        raise UsageError(
            "the plan does not follow from the dataset: no exchanges fit its builds and links; "
            "explain it with the scenario and settings it was made with "
            "/ 方案与数据集不符：其新建装置和线路下没有可行的交换；请使用生成该方案时的情景和设置"
        )
    return trial


def smallest(test: Callable[[float], bool], step: float, most: float = np.inf) -> float | None:
    """Return the smallest amount, of `most` at most, that passes a monotone test, by doubling and bisection.

    Starts at `step`. The amount passed, and is at most `CLOSE` above one that did not; None where none passes.
    """
    low, high = 0.0, min(step, most)
    for _ in range(DOUBLINGS):
        if test(high):
            break
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    else:
        return None
    for _ in range(HALVINGS):
        if high - low <= CLOSE * high:
            break
        middle = (low + high) / 2
        low, high = (low, middle) if test(middle) else (middle, high)
    return high


def noise(exchange: Exchange, amount: float) -> bool:
    """Return whether an amount of money per unit is below the solver's precision, so that it is not reported."""
    return abs(amount) <= UNSEEN * exchange.trial.held.grain(exchange.flows)


def subsidy(exchange: Exchange, way: Way, columns: Ints | None = None) -> tuple[float, Way] | None:
    """Return the smallest subsidy per unit that brings an exchange into the plan, and the resulting plan.

    `way` is a plan in which it is forced in; `columns` are the flows that are paid for, by default all of the exchange.
    The subsidy is money per unit leaving; negative where the exchange could bear a charge of that much; None where no
    subsidy helps.

    Notes
    -----
    The value of a plan with the exchange is convex in the subsidy, with the quantity as its slope, so Newton's steps
    from above end at the threshold (as Dinkelbach 1967, Management Science 13:492, for ratios).
    """
    held, trial = exchange.trial.held, exchange.trial
    paid = exchange.flows if columns is None else columns
    quantity = float(way.rest.x[paid].sum())
    if quantity <= 0:
        return None
    amount = (trial.value - way.rest.value) / quantity
    for _ in range(NEWTONS):
        with held.trying():
            held.price(paid, amount)
            found = exchange.along(way)
        gained = found.rest.value - trial.value
        if found.quantity <= 0 or gained <= trial.tie:
            break
        less = gained / float(found.rest.x[paid].sum())
        if less <= held.grain(paid):
            break
        amount -= less
    for margin in MARGINS:
        more = amount + margin * max(held.grain(paid), 1e-6 * abs(amount))
        with held.trying():
            held.price(paid, more)
            entered = exchange.enters(way)
        if entered is not None:
            return more, entered
    return None


def _roomy(network: Network) -> Model:
    """Return the unpruned model of all enterprises, with bounds wide enough for counterfactual amounts.

    The same plans satisfy it, with the same values, as the network's own problem.
    """
    units = network.units
    standing = ~units.is_build
    large = replace(
        units,
        capacity=np.where(standing, units.capacity * ROOM, units.capacity),
        min_load=np.where(standing, units.min_load / ROOM, units.min_load),
        most=np.where(standing[:, None], units.most * ROOM, units.most),
    )
    outlets, inlets = (_larger(ends, standing) for ends in (network.outlets, network.inlets))
    wide = replace(network, units=large, outlets=outlets, inlets=inlets)
    model = build(candidates_of(wide, everyone(network.places), prune=False))
    return _stated(model, network)


def _larger(ends: Ends, standing: np.ndarray) -> Ends:
    """Return ends with their amounts scaled by `ROOM`, except stores and new units."""
    grown = np.isin(ends.kind, (EndKind.OFFER, EndKind.NEED, EndKind.MARKET))
    unit = np.flatnonzero(ends.kind == EndKind.UNIT)
    grown[unit[standing[ends.ref[unit]]]] = True
    return replace(ends, amount=np.where(grown[:, None], ends.amount * ROOM, ends.amount))


def _stated(model: Model, network: Network) -> Model:
    """Return the model with the limits that state an amount scaled back by `ROOM`."""
    lower, upper, row_upper = model.lower.copy(), model.upper.copy(), model.row_upper.copy()
    for name in ("give", "take"):
        span = model.columns[name].span
        lower[span], upper[span] = lower[span] / ROOM, upper[span] / ROOM
    run = model.columns["run"]
    if len(run):
        most = network.units.most[run.key["unit"], run.key["period"]]
        upper[run.span] = np.maximum(np.minimum(upper[run.span], most), lower[run.span])
    for name in ("keep", "market_give", "market_take"):
        block = model.rows.get(name)
        if block is not None:
            row_upper[block.span] /= ROOM
    return replace(model, lower=lower, upper=upper, row_upper=row_upper)
