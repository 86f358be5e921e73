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
from synergy.explanation.facts import UNKNOWN, AnswerReason, Change, Fact, Mend, changed, joined
from synergy.explanation.obstacles import obstacle
from synergy.explanation.ranking import Weighed, best_flow, priced_ends, unit_gains, weigh
from synergy.explanation.trial import FORCED, MARGINS, NEWTONS, Exchange, Question, Trial, Way, smallest, trial_of
from synergy.model.fixed import Rest
from synergy.network.network import between_enterprises
from synergy.network.places import Floats, Ints, positions
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
        flows = self.plan.decisions.flows
        mine = question.rows(flows)  # of the stored plan: a re-solve may give another one of the same value
        for name, asked in (("period", question.period), ("mode", question.mode)):
            if asked:
                mine &= flows[name] == asked
        planned = float(flows.loc[mine, "quantity"].sum())
        if planned > 0:
            return self._standing(Exchange(self.trial, question), planned)
        cleared = self._cleared(question)
        if cleared.blocked:
            return Answer(self.dataset, question, cleared.reasons, (), {})
        exchange = Exchange(cleared.trial, question)
        weighed = self._weighed(exchange, cleared)
        found = tuple(self._with(change, cleared) for change in changes(exchange, weighed))
        if cleared.mends and not weighed.reasons and weighed.forced is not None:
            found = (self._mended(exchange, weighed.forced, cleared), *found)
        reasons = cleared.reasons + weighed.reasons
        return Answer(self.dataset, question, reasons, found, self._facts(exchange, weighed, cleared))

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
            trial = Trial(changed(done.trial.dataset, mend.tables, mend.settings), self.plan.decisions)
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
        """Explain an exchange that is in the plan: the value lost without it, and what replaces it and removes it."""
        trial, held = exchange.trial, exchange.trial.held
        with held.trying():
            _leave_out(exchange)
            without = held.solve()
        lost = trial.value - without.value
        brings = None if np.isinf(lost) else lost if abs(lost) > trial.tie else 0.0
        facts = {
            "quantity": Fact(planned, UNKNOWN, frozenset(exchange.names)),
            "brings": Fact(brings),
            "value": Fact(trial.value),
            "without": Fact(None if brings is None else without.value),
        }
        code = "in_plan_needed" if brings is None else "in_plan"
        reason = AnswerReason(code, {"quantity": facts["quantity"], "number": facts["brings"]})
        found = () if brings is None else tuple(_thrown_out(exchange, max(brings, 0.0) / planned, without.value))
        instead = _alternatives(exchange, without)
        return Answer(self.dataset, exchange.question, (reason,), found, facts, in_plan=True, alternatives=instead)


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


def _leave_out(exchange: Exchange) -> None:
    """Fix the flows of the exchange to zero, and close the links that no other flow uses."""
    trial, held, flow = exchange.trial, exchange.trial.held, exchange.trial.model.columns["flow"]
    zero = np.zeros(len(exchange.flows))
    held.bound(exchange.flows, zero, zero)
    opened = trial.model.columns["open"]
    if not len(opened):
        return
    link = trial.network.arcs.link[flow.key["arc"]]
    used = trial.rest.x[flow.span] > 0
    used[exchange.flows - flow.start] = False
    mine = np.isin(opened.key["link"], exchange.links) & ~np.isin(opened.key["link"], link[used])
    columns = opened.start + np.flatnonzero(mine & (trial.whole[opened.span] > 0.5))
    held.bound(columns, np.zeros(len(columns)), np.zeros(len(columns)))


def _alternatives(exchange: Exchange, without: Rest) -> tuple[dict[str, Fact], ...]:
    """Return the exchanges of the same commodity that grow most when the exchange is barred, for the planner only.

    `end` is ``origin`` (the same goods go to another site instead) or ``target`` (they come from another); `mode` is ""
    inside a site; `more` is how much more of it a year.
    """
    if not len(without.x):
        return ()
    trial, network = exchange.trial, exchange.trial.network
    flow, places, arcs = trial.model.columns["flow"], network.places, network.arcs
    change = (without.x - trial.rest.x)[flow.span]
    by_arc = np.bincount(flow.key["arc"], weights=change, minlength=len(arcs.link))
    modes = np.append(network.links.mode, "")
    found: list[dict[str, Fact]] = []
    for end, same, other in (
        ("origin", np.isin(arcs.outlet, exchange.sources), network.sinks.site[arcs.inlet]),
        ("target", np.isin(arcs.inlet, exchange.sinks), network.sources.site[arcs.outlet]),
    ):
        grown: Floats = np.where(same, by_arc, 0.0)
        for arc in np.argsort(-grown, kind="stable")[:SHOWN]:
            if grown[arc] > 1e-3 * exchange.quantity(trial.rest):
                site, mode, more = str(places.sites[other[arc]]), str(modes[arcs.link[arc]]), float(grown[arc])
                found.append({"end": Fact(end), "site": Fact(site), "mode": Fact(mode), "more": Fact(more)})
    return tuple(found)


def _thrown_out(exchange: Exchange, brings: float, without: float) -> Iterator[Change]:
    """Yield the smallest change of each kind that removes an exchange from the plan.

    `brings` is money per unit of it, `without` the value of the best plan without it. The kinds are ``charge`` (money
    per unit on the exchange), ``price_paid_less`` and ``price_asked_more``.
    """
    charge = _charge(exchange, brings, without)
    if charge is None:
        return
    yield Change("charge", {"amount": Fact(charge)})
    held = exchange.trial.held
    for side, kind in (("take", "price_paid_less"), ("give", "price_asked_more")):
        _, columns, unpaid = priced_ends(exchange, side)
        if not len(columns):
            continue

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


def _charge(exchange: Exchange, amount: float, without: float) -> float | None:
    """Return the smallest charge per unit that removes the exchange, by Newton steps from below; None if none does."""
    trial, held = exchange.trial, exchange.trial.held
    for _ in range(NEWTONS):
        with held.trying():
            held.price(exchange.flows, -amount)
            rest = held.solve()
        left, quantity = rest.value - without, exchange.quantity(rest)
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

    Raises
    ------
    UsageError
        No such enterprise.
    """
    trial, flows, places = explainer.trial, explainer.plan.decisions.flows, explainer.trial.network.places
    names = [str(name) for name in places.enterprises]
    if enterprise not in names:
        raise UsageError(f"no such enterprise: {enterprise!r} / 没有这家企业：{enterprise!r}")
    index = names.index(enterprise)
    table = pd.concat([_possible(trial, index), _remote(trial, index)], ignore_index=True)
    # without what the stored plan exchanges over any mode: a re-solve may give another optimum
    ids = {"from_site": places.sites, "to_site": places.sites, "commodity": places.commodities}
    planned = pd.MultiIndex.from_arrays([positions(flows[name], known) for name, known in ids.items()])
    table = table[~pd.MultiIndex.from_frame(table[["origin", "target", "commodity"]]).isin(planned)]
    order = ["remote", "km" if firm else "missing", "origin", "target", "commodity"]
    table = table.sort_values(order, kind="stable").drop_duplicates("partner").head(most)
    rows = zip(table["origin"], table["target"], table["commodity"], strict=True)
    return tuple(
        explainer.ask(Question(str(places.sites[a]), str(places.sites[b]), str(places.commodities[c])))
        for a, b, c in rows
    )


def _possible(trial: Trial, enterprise: int) -> pd.DataFrame:
    """Return the candidate exchanges with other enterprises: yearly shortfall in money, and distance in km."""
    network, flow = trial.network, trial.model.columns["flow"]
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
    km = np.append(links.km, 0.0)[arcs.link[arc[hit]]]
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
