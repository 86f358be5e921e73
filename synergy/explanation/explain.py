"""Explain: why an exchange is in a plan or not, what it brings or lacks, and what would change that."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from synergy.dataset.dataset import Dataset
from synergy.errors import UsageError
from synergy.explanation.answer import Answer
from synergy.explanation.changes import changes
from synergy.explanation.facts import UNKNOWN, Change, Fact, Reason
from synergy.explanation.mend import Mend, joined
from synergy.explanation.obstacles import obstacle
from synergy.explanation.question import Question
from synergy.explanation.sides import best_flow
from synergy.explanation.standing import Standing, stand, thrown_out
from synergy.explanation.trial import Exchange, Trial, Way, trial_of
from synergy.explanation.weighing import Weighed, weigh
from synergy.plan import Plan
from synergy.records.plain import plain

OBSTACLES = 5  # taken away one after the other at most


@dataclass(frozen=True, slots=True)
class _Cleared:
    """A trial in which an exchange is possible, and what had to be taken away for that."""

    trial: Trial
    reasons: tuple[Reason, ...] = ()
    mends: tuple[Mend, ...] = ()
    blocked: bool = False


class Explainer:
    """Answers questions about one plan, its problem kept warm.

    Parameters
    ----------
    dataset : Dataset
        What the plan follows from, with the same scenario and settings.
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

        Parameters
        ----------
        question : Question

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
        """Return what the plan exchanges, a year or in the period asked about."""
        flows = self.plan.decisions.flows
        mine = (flows["from_site"] == question.origin) & (flows["to_site"] == question.target)
        mine &= flows["commodity"] == question.commodity
        for name, asked in (("period", question.period), ("mode", question.mode)):
            if asked:
                mine &= flows[name] == asked
        return float(flows.loc[mine, "quantity"].sum())

    def _cleared(self, question: Question) -> _Cleared:
        """Take the obstacles away one after the other."""
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
        """Weigh a possible exchange; one that comes of itself once obstacles are gone needs no further reason."""
        if cleared.mends:
            way = exchange.forced()
            if way is not None and exchange.enters(way) is not None:
                return Weighed(way, ())
        return weigh(exchange)

    def _mended(self, exchange: Exchange, forced: Way, cleared: _Cleared) -> Change:
        """Return the change that taking the obstacles away is."""
        last = cleared.mends[-1]
        way = exchange.enters(forced)
        facts = {} if way is None else {"quantity": Fact(way.quantity), "value": Fact(way.rest.value)}
        number = cleared.reasons[-1].facts.get("number")
        if number is not None:
            facts["amount"] = number
        return self._with(Change(f"mend_{last.code}", facts), cleared, own=last.code)

    @staticmethod
    def _with(change: Change, cleared: _Cleared, own: str = "") -> Change:
        """Return a change together with the obstacles that have to be taken away as well."""
        tables = {name: list(rows) for name, rows in change.tables.items()}
        settings = dict(change.settings)
        for mend in cleared.mends:
            for name, rows in mend.tables.items():
                tables[name] = joined(name, [*rows, *tables.get(name, [])])
            settings = {**mend.settings, **settings}
        after = tuple(mend.code for mend in cleared.mends if mend.code != own)
        return replace(change, tables=tables, settings=settings, after=after)

    def _facts(self, exchange: Exchange, weighed: Weighed, cleared: _Cleared) -> dict[str, Fact]:
        """Return what the planner sees of the solves behind the answer."""
        facts: dict[str, float] = {"value": self.trial.value, "bound": self.plan.bound}
        if weighed.forced is not None and not cleared.mends:
            facts |= {"forced_value": weighed.forced.rest.value, "forced_quantity": weighed.forced.quantity}
        if len(exchange.flows):
            facts["reduced_cost"] = -best_flow(exchange)[1]
        if not cleared.mends and len(exchange.flows):
            facts["reduced_cost_relaxed"] = float(self.trial.relaxed[exchange.flows].min())
        return {name: Fact(value) for name, value in facts.items()}

    def _standing(self, exchange: Exchange, planned: float) -> Answer:
        """Explain an exchange that the plan has."""
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
        reason = Reason(code, {"quantity": facts["quantity"], "number": facts["brings"]})
        answer = self._answer(exchange.question, (reason,), found, facts)
        return replace(answer, in_plan=True, alternatives=_told(standing))

    def _answer(
        self,
        question: Question,
        reasons: tuple[Reason, ...],
        found: tuple[Change, ...],
        facts: dict[str, Fact] | None = None,
    ) -> Answer:
        return Answer(self.dataset, question, reasons, found, facts or {})


def _told(standing: Standing) -> tuple[dict[str, Fact], ...]:
    """Return the alternatives as facts; where else goods could go rests on everybody's data."""
    return tuple(
        {"end": Fact(one.end), "site": Fact(one.site), "mode": Fact(one.mode), "more": Fact(one.more)}
        for one in standing.alternatives
    )


def explain(dataset: Dataset, plan: Plan, origin: str, target: str, commodity: str, **more: str) -> Answer:
    """Explain why an exchange is in a plan or not, and what would change that.

    Parameters
    ----------
    dataset : Dataset
        What the plan follows from, with the same scenario and settings.
    plan : Plan
    origin, target : str
        Sites.
    commodity : str
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
