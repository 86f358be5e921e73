"""Explain why an exchange is in a plan or not, its contribution or shortfall, and the changes that reverse it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.errors import UsageError
from synergy.explanation.answer import Answer
from synergy.explanation.changes import changes
from synergy.explanation.facts import UNKNOWN, AnswerReason, Change, Fact
from synergy.explanation.obstacles import obstacle
from synergy.explanation.ranking import Weighed, best_flow, disposed_flows, mixed, prices_of, unit_gains, weigh
from synergy.explanation.relaxations import end_columns
from synergy.explanation.remedies import Mend, joined
from synergy.explanation.thresholds import MARGINS, NEWTONS, smallest
from synergy.explanation.trial import FORCED, Exchange, Question, Trial, Way, trial_of
from synergy.model.fixed import Rest
from synergy.network.links import between_enterprises
from synergy.network.places import Bools, Floats, Ints, positions
from synergy.plan import Plan
from synergy.records.plain import plain

OBSTACLES = 5  # taken away one after the other at most
SHOWN = 3  # alternatives told on each side
NEAREST = 3


@dataclass(frozen=True, slots=True)
class _Cleared:
    """Trial with the obstacles of an exchange removed, and the reasons and remedies for them."""

    trial: Trial
    reasons: tuple[AnswerReason, ...] = ()
    mends: tuple[Mend, ...] = ()
    blocked: bool = False


class Explainer:
    """Explainer of single exchanges of one plan; keeps the problem warm between questions.

    Parameters
    ----------
    dataset : Dataset
        Dataset of the plan, with the same scenario and settings.
    plan : Plan

    Raises
    ------
    UsageError
        The plan does not follow from the dataset, or was made with another scenario.
    """

    def __init__(self, dataset: Dataset, plan: Plan) -> None:
        if plan.dataset.get("digest") not in (None, "", dataset.digest):
            raise UsageError(
                f"the plan was made from another dataset: {plan.dataset.get('name')!r} with digest "
                f"{plan.dataset.get('digest')}, not {dataset.digest} / 该方案由另一数据集生成"
            )
        record = dataset.scenario_record()
        other = [name for name, value in plain(record).items() if plan.scenario.get(name, value) != value]
        if other:
            raise UsageError(
                f"the plan was made with other {', '.join(other)}; read the dataset with its scenario and settings "
                f"/ 生成方案时的 {'、'.join(other)} 不同；请使用该方案的情景和设置读取数据集"
            )
        self.dataset, self.plan = dataset, plan
        self.trial = trial_of(dataset, plan.decisions)

    def ask(self, question: Question) -> Answer:
        """Return the explanation of one exchange.

        Returns
        -------
        Answer
            The planner's; see `Answer.record` and `Answer.text` for what a firm sees.

        Raises
        ------
        UsageError
            The dataset does not know what is asked about.
        """
        question.check(self.dataset)
        planned = self._planned(question)
        if planned > 0:
            return self._standing(Exchange(self.trial, question), planned)
        cleared = self._cleared(question)
        if cleared.blocked:
            return self._answer(question, cleared.reasons, ())
        exchange = Exchange(cleared.trial, question)
        weighed = self._weighed(exchange, cleared)
        found = tuple(self._with(change, cleared) for change in changes(exchange, weighed))
        if cleared.mends and not weighed.reasons and weighed.forced is not None:
            found = (self._mended(exchange, weighed.forced, cleared), *found)
        reasons = cleared.reasons + weighed.reasons
        return self._answer(question, reasons, found, self._facts(exchange, weighed, cleared))

    def _planned(self, question: Question) -> float:
        """Return the quantity exchanged in the plan, per year or in the period asked about."""
        flows = self.plan.decisions.flows
        mine = (flows["from_site"] == question.origin) & (flows["to_site"] == question.target)
        mine &= flows["commodity"] == question.commodity
        for name, asked in (("period", question.period), ("mode", question.mode)):
            if asked:
                mine &= flows[name] == asked
        return float(flows.loc[mine, "quantity"].sum())

    def _cleared(self, question: Question) -> _Cleared:
        """Remove the obstacles one after another, at most `OBSTACLES` of them."""
        done = _Cleared(self.trial)
        for _ in range(OBSTACLES):
            found = obstacle(done.trial, question)
            if found is None:
                return done
            reason, mend = found
            reasons = (*done.reasons, reason)
            if mend is None:
                return replace(done, reasons=reasons, blocked=True)
            trial = Trial(mend.apply(done.trial.dataset), self.plan.decisions)
            done = _Cleared(trial, reasons, (*done.mends, mend))
        return replace(done, blocked=True)

    def _weighed(self, exchange: Exchange, cleared: _Cleared) -> Weighed:
        """Weigh a feasible exchange; it needs no further reason if it enters once its obstacles are removed."""
        if cleared.mends:
            way = exchange.forced()
            if way is not None and exchange.enters(way) is not None:
                return Weighed(way, ())
        return weigh(exchange)

    def _mended(self, exchange: Exchange, forced: Way, cleared: _Cleared) -> Change:
        """Return the change that consists of removing the obstacles."""
        last = cleared.mends[-1]
        way = exchange.enters(forced)
        facts = {} if way is None else {"quantity": Fact(way.quantity), "value": Fact(way.rest.value)}
        number = cleared.reasons[-1].facts.get("number")
        if number is not None:
            facts["amount"] = number
        return self._with(Change(f"mend_{last.code}", facts), cleared, own=last.code)

    @staticmethod
    def _with(change: Change, cleared: _Cleared, own: str = "") -> Change:
        """Return a change combined with the removal of the obstacles."""
        tables = {name: list(rows) for name, rows in change.tables.items()}
        settings = dict(change.settings)
        for mend in cleared.mends:
            for name, rows in mend.tables.items():
                tables[name] = joined(name, [*rows, *tables.get(name, [])])
            settings = {**mend.settings, **settings}
        after = tuple(mend.code for mend in cleared.mends if mend.code != own)
        return replace(change, tables=tables, settings=settings, after=after)

    def _facts(self, exchange: Exchange, weighed: Weighed, cleared: _Cleared) -> dict[str, Fact]:
        """Return the figures of the underlying solves, for the planner only."""
        facts: dict[str, float] = {"value": self.trial.value, "bound": self.plan.bound}
        if weighed.forced is not None and not cleared.mends:
            facts |= {"forced_value": weighed.forced.rest.value, "forced_quantity": weighed.forced.quantity}
        if len(exchange.flows):
            facts["reduced_cost"] = -best_flow(exchange)[1]
        if not cleared.mends and len(exchange.flows):
            facts["reduced_cost_relaxed"] = float(self.trial.relaxed[exchange.flows].min())
        return {name: Fact(value) for name, value in facts.items()}

    def _standing(self, exchange: Exchange, planned: float) -> Answer:
        """Explain an exchange that is in the plan."""
        standing = stand(exchange, planned)
        shared = frozenset(exchange.names)
        facts = {
            "quantity": Fact(standing.quantity, UNKNOWN, shared),
            "brings": Fact(standing.brings if np.isfinite(standing.brings) else None),
            "value": Fact(self.trial.value),
            "without": Fact(standing.without.value if np.isfinite(standing.brings) else None),
        }
        found = tuple(thrown_out(exchange, standing))
        code = "in_plan" if np.isfinite(standing.brings) else "in_plan_needed"
        reason = AnswerReason(code, {"quantity": facts["quantity"], "number": facts["brings"]})
        answer = self._answer(exchange.question, (reason,), found, facts)
        return replace(answer, in_plan=True, alternatives=_told(standing))

    def _answer(
        self,
        question: Question,
        reasons: tuple[AnswerReason, ...],
        found: tuple[Change, ...],
        facts: dict[str, Fact] | None = None,
    ) -> Answer:
        return Answer(self.dataset, question, reasons, found, facts or {})


def _told(standing: Contribution) -> tuple[dict[str, Fact], ...]:
    """Return the alternatives as facts for the planner only, since they depend on the data of all enterprises."""
    return tuple(
        {"end": Fact(one.end), "site": Fact(one.site), "mode": Fact(one.mode), "more": Fact(one.more)}
        for one in standing.alternatives
    )


def explain(dataset: Dataset, plan: Plan, origin: str, target: str, commodity: str, **more: str) -> Answer:
    """Explain why an exchange is in a plan or not, and which changes would reverse that.

    Parameters
    ----------
    dataset : Dataset
        Dataset of the plan, with the same scenario and settings.
    origin, target : str
        Sites.
    **more : str
        ``period`` (else the whole year) and ``mode`` (else any).

    Returns
    -------
    Answer
        ``answer.text("en")`` for people, ``answer.record()`` for programs; with ``enterprise`` as that firm sees it.

    Raises
    ------
    UsageError
        The dataset does not know what is asked about, or the plan does not follow from it.

    See Also
    --------
    Explainer : many questions about one plan
    """
    return Explainer(dataset, plan).ask(Question(origin, target, commodity, **more))


@dataclass(frozen=True, slots=True)
class Substitute:
    """Exchange with another site that replaces one barred from the plan.

    `end` is ``origin`` (the same goods go there instead) or ``target`` (they come from there instead); `mode` is ""
    inside a site; `more` is how much more of it a year.
    """

    end: str
    site: str
    mode: str
    more: float


@dataclass(frozen=True, slots=True)
class Contribution:
    """Contribution of an exchange, of a quantity a year, that is in the plan.

    `without` is the best plan without it, with the links that it alone used closed; `brings` is money a year lost
    without it, infinite where there is no plan without it.
    """

    quantity: float
    without: Rest
    brings: float
    alternatives: tuple[Substitute, ...]


def stand(exchange: Exchange, planned: float) -> Contribution:
    """Return the contribution of an exchange in the plan: the value lost without it, and its replacements.

    `planned` is the stored plan's quantity; a re-solve may give another plan of the same value without the exchange.
    """
    trial, held = exchange.trial, exchange.trial.held
    with held.trying():
        _leave_out(exchange)
        without = held.solve()
    brings = trial.value - without.value
    if abs(brings) <= trial.tie:
        brings = 0.0
    return Contribution(planned, without, brings, _alternatives(exchange, without))


def _leave_out(exchange: Exchange) -> None:
    """Fix the flows of the exchange to zero, and close the links that no other flow uses."""
    trial, held, flow = exchange.trial, exchange.trial.held, exchange.trial.model.column("flow")
    zero = np.zeros(len(exchange.flows))
    held.bound(exchange.flows, zero, zero)
    opened = trial.model.column("open")
    if not len(opened):
        return
    link = trial.network.arcs.link[flow.key["arc"]]
    used = trial.rest.x[flow.span] > 0
    used[exchange.flows - flow.start] = False
    mine = np.isin(opened.key["link"], exchange.links) & ~np.isin(opened.key["link"], link[used])
    columns = opened.start + np.flatnonzero(mine & (trial.whole[opened.span] > 0.5))
    held.bound(columns, np.zeros(len(columns)), np.zeros(len(columns)))


def _alternatives(exchange: Exchange, without: Rest) -> tuple[Substitute, ...]:
    """Return the exchanges of the same commodity that grow most when the exchange is barred."""
    if not len(without.x):
        return ()
    trial, network = exchange.trial, exchange.trial.network
    flow, places, arcs = trial.model.column("flow"), network.places, network.arcs
    more = (without.x - trial.rest.x)[flow.span]
    by_arc = np.bincount(flow.key["arc"], weights=more, minlength=len(arcs.link))
    modes = np.append(network.links.mode, "")
    found: list[Substitute] = []
    for end, same, other in (
        ("origin", np.isin(arcs.outlet, exchange.sources), network.sinks.site[arcs.inlet]),
        ("target", np.isin(arcs.inlet, exchange.sinks), network.sources.site[arcs.outlet]),
    ):
        grown: Floats = np.where(same, by_arc, 0.0)
        for arc in np.argsort(-grown, kind="stable")[:SHOWN]:
            if grown[arc] > 1e-3 * exchange.quantity(trial.rest):
                site = str(places.sites[other[arc]])
                found.append(Substitute(end, site, str(modes[arcs.link[arc]]), float(grown[arc])))
    return tuple(found)


def thrown_out(exchange: Exchange, standing: Contribution) -> Iterator[Change]:
    """Yield the smallest change of each kind that removes an exchange from the plan.

    The kinds are ``charge`` (money per unit on the exchange), ``price_paid_less`` and ``price_asked_more``.
    """
    charge = _charge(exchange, standing)
    if charge is None:
        return
    yield Change("charge", {"amount": Fact(charge)})
    held = exchange.trial.held
    for side, kind in (("take", "price_paid_less"), ("give", "price_asked_more")):
        members = prices_of(exchange, side)
        columns = end_columns(exchange, side, members)
        if not len(columns) or (side == "give" and mixed(exchange, members)):
            continue
        unpaid = disposed_flows(exchange.trial, members) if side == "give" else columns[:0]

        def gone(amount: float, columns: Ints = columns, unpaid: Ints = unpaid) -> bool:
            with held.trying():
                held.price(columns, -amount)
                held.price(unpaid, amount)
                return _out(exchange)

        amount = smallest(gone, max(charge, held.grain(columns)), 1e3 * max(charge, 1.0))
        if amount is not None:
            yield Change(kind, {"amount": Fact(amount)})


def _out(exchange: Exchange) -> bool:
    """Return whether the modified problem has an optimum without the exchange, or improves once it is barred."""
    held = exchange.trial.held
    with_it = held.solve()
    if exchange.quantity(with_it) <= 0:
        return True
    with held.trying():
        _leave_out(exchange)
        return held.worth() > with_it.value


def _charge(exchange: Exchange, standing: Contribution) -> float | None:
    """Return the smallest charge per unit that removes the exchange, by Newton steps from below; None if none does."""
    trial, held = exchange.trial, exchange.trial.held
    if not np.isfinite(standing.brings) or standing.quantity <= 0:
        return None
    amount = max(standing.brings, 0.0) / standing.quantity
    for _ in range(NEWTONS):
        with held.trying():
            held.price(exchange.flows, -amount)
            rest = held.solve()
        left, quantity = rest.value - standing.without.value, exchange.quantity(rest)
        if quantity <= 0 or left <= trial.tie:
            break
        more = left / quantity
        if more <= held.grain(exchange.flows):
            break
        amount += more
    for margin in MARGINS:
        more = amount + margin * max(held.grain(exchange.flows), 1e-6 * amount)
        with held.trying():
            held.price(exchange.flows, -more)
            if _out(exchange):
                return more
    return None


def nearest(explainer: Explainer, enterprise: str, *, firm: bool = False, most: int = NEAREST) -> tuple[Answer, ...]:
    """Return the explanations of an enterprise's nearest exchanges outside the plan, at most one per partner.

    Parameters
    ----------
    firm : bool
        Nearest by kilometres, which are public; else by the money that is missing.
    most : int
        How many partners.

    Returns
    -------
    tuple of Answer
        Fewer if the enterprise has fewer potential partners.

    Raises
    ------
    UsageError
        No such enterprise.
    """
    trial = explainer.trial
    names = [str(name) for name in trial.network.places.enterprises]
    if enterprise not in names:
        raise UsageError(f"no such enterprise: {enterprise!r} / 没有这家企业：{enterprise!r}")
    index = names.index(enterprise)
    table = pd.concat([_possible(trial, index), _remote(trial, index)], ignore_index=True)
    table = table[~_planned(explainer, table)]
    order = ["remote", "km" if firm else "missing", "origin", "target", "commodity"]
    table = table.sort_values(order, kind="stable").drop_duplicates("partner").head(most)
    places = trial.network.places
    rows = zip(table["origin"], table["target"], table["commodity"], strict=True)
    return tuple(
        explainer.ask(Question(str(places.sites[a]), str(places.sites[b]), str(places.commodities[c])))
        for a, b, c in rows
    )


def _planned(explainer: Explainer, table: pd.DataFrame) -> Bools:
    """Return which pairs exchange in the stored plan, over any mode; a re-solve may give another optimum."""
    places, flows = explainer.trial.network.places, explainer.plan.decisions.flows
    known = {"origin": places.sites, "target": places.sites, "commodity": places.commodities}
    stated = zip(("from_site", "to_site", "commodity"), known.values(), strict=True)
    planned = pd.MultiIndex.from_arrays([positions(flows[name], ids) for name, ids in stated])
    return np.asarray(pd.MultiIndex.from_frame(table[list(known)]).isin(planned))


def _possible(trial: Trial, enterprise: int) -> pd.DataFrame:
    """Return the candidate exchanges with other enterprises: yearly shortfall in money, and distance in km."""
    network, flow = trial.network, trial.model.column("flow")
    places, arcs, links = network.places, network.arcs, network.links
    if not len(flow):
        return _table(trial, enterprise, np.empty((3, 0), np.int64), np.empty(0), np.empty(0))
    arc = flow.key["arc"]
    ends = np.stack([network.sources.site[arcs.outlet[arc]], network.sinks.site[arcs.inlet[arc]]])
    good = network.sources.commodity[arcs.outlet[arc]]
    mine = between_enterprises(places, *ends) & (places.owner[ends] == enterprise).any(axis=0)
    hit = np.flatnonzero(mine)
    columns = flow.start + hit
    upper = trial.model.upper[columns]
    amount = FORCED * np.where(np.isfinite(upper), upper, 1.0)
    opened = np.append(links.annual, 0.0)[arcs.link[arc[hit]]]
    missing = np.maximum(-unit_gains(trial, columns), 0.0) * amount + opened
    km = arcs.over(links.km, 0.0)[arc[hit]]
    table = _table(trial, enterprise, np.stack([*ends[:, hit], good[hit]]), missing, km)
    return table.assign(remote=0)


def _remote(trial: Trial, enterprise: int) -> pd.DataFrame:
    """Return the pairs with other enterprises that are beyond the maximum distance or forbidden."""
    remote, places = trial.network.remote, trial.network.places
    mine = between_enterprises(places, remote.origin, remote.target)
    mine &= (places.owner[remote.origin] == enterprise) | (places.owner[remote.target] == enterprise)
    hit = np.flatnonzero(mine)
    pairs = np.stack([remote.origin[hit], remote.target[hit], remote.commodity[hit]])
    return _table(trial, enterprise, pairs, remote.number[hit], remote.number[hit]).assign(remote=1)


def _table(trial: Trial, enterprise: int, pairs: np.ndarray, missing: np.ndarray, km: np.ndarray) -> pd.DataFrame:
    """Return a table of pairs (origin, target, commodity) with the partner enterprise of each."""
    owner = trial.network.places.owner
    partner = np.where(owner[pairs[0]] == enterprise, owner[pairs[1]], owner[pairs[0]])
    columns = dict(zip(("origin", "target", "commodity"), pairs, strict=True))
    return pd.DataFrame({**columns, "partner": partner, "missing": missing, "km": km})
