"""Near-optimal plans without a build, a process, a link or a partner, or with less capex or fewer partners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from synergy.accounts import ledger as accounts
from synergy.candidates.scope import everyone
from synergy.dataset.sheet import Dataset
from synergy.engine import problem
from synergy.errors import UsageError
from synergy.model.build import Model
from synergy.model.decode import decode, integers_of
from synergy.model.local_branching import Near, Wish
from synergy.model.solve_params import SolveParams, relative_gap
from synergy.near_optimal.directions import Aim, DifferenceKind, Features, PlanParts, distance, features_of
from synergy.network.places import Floats, Ints, places_of
from synergy.plan import Plan
from synergy.proposals.names import names
from synergy.records.documents import PlanJSON
from synergy.records.files import plan_record
from synergy.records.plain import plain
from synergy.scenario import JSON, Cell
from synergy.texts import LANGUAGES, Catalogue
from synergy.units import money
from synergy.verification.verify import assert_valid

WITHIN = 0.02
MOST = 7
APART = 0.05
TRIES = 4  # of one way, before it is given up
SHARES = {
    DifferenceKind.BUILD: 2,
    DifferenceKind.PROCESS: 2,
    DifferenceKind.LINK: 1,
    DifferenceKind.PARTNER: 1,
    DifferenceKind.CAPEX: 1,
    DifferenceKind.FEWER: 1,
}
NOUGHT = 1e-9  # part of the value that is none
MORE = 1e-6  # part of the value by which a better plan is better
AlternativeJSON = dict[str, JSON | PlanJSON]
SCHEMA = "synergy/alternatives/1"
EVEN = 5e-5  # part of the value that is shown as nothing
# English, Chinese
SAID = Catalogue(
    {
        "less": ("{part} less", "价值少 {part}"),
        "even": ("as much", "价值不减"),
        "more": ("{part} more", "价值多 {part}"),
        DifferenceKind.BUILD: ("without the new {process} at {site}", "不在{site}新建{process}"),
        DifferenceKind.PROCESS: ("without any new {process}", "不新建任何{process}"),
        DifferenceKind.LINK: (
            "without the new link for {commodity} from {origin} to {target}",
            "不建{origin}至{target}的{commodity}线路",
        ),
        DifferenceKind.PARTNER: (
            "with one partner fewer for {enterprise}, who no longer deals with {other}",
            "{enterprise}少一个合作方，不再与{other}交易",
        ),
        DifferenceKind.CAPEX: ("with {saved} less capex", "投资减少 {saved}"),
        DifferenceKind.FEWER: (
            "with fewer partnerships, {count} instead of {before}",
            "合作关系由 {before} 对减至 {count} 对",
        ),
        "whole": ("{lead}, {what}", "{lead}，{what}"),
        "beside.less": ("; capex {money} less", "；投资少 {money}"),
        "beside.more": ("; capex {money} more", "；投资多 {money}"),
    }
)


@dataclass(frozen=True, slots=True)
class Alternative:
    """A plan that differs in structure.

    `way` is the kind of difference and `subject` the ids that it is about, see `synergy.near_optimal.directions.Aim`.
    `plan` is verified, without baseline comparison and proposals; it is worth less than the plan by `lost`, money a
    year, negative where it is worth more. `distance` and `apart`, 0..1, are to the plan, and to the nearest alternative
    chosen before it (1 for the first).
    """

    way: DifferenceKind
    subject: tuple[str, ...]
    plan: Plan
    features: Features
    lost: float
    distance: float
    apart: float


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Alternatives to a plan within a loss of value.

    Parameters
    ----------
    plan : Plan
        Reference plan: the plan given, or the best plan found if that is worth more.
    features : Features
        Features of the reference plan.
    within, apart : float
        Relative loss of value allowed; least distance between any two.
    found : tuple of Alternative
        The least loss first.
    tried : int
        Number of aims tried.
    better : Plan or None
        `plan` where it took the place of the one given: verified, compared as that was, without proposals and
        settlement.
    stopped : str or None
        ``clock`` or ``request`` if that ended a search early, so that a rerun may find others; None otherwise.
    """

    plan: Plan
    features: Features
    within: float
    apart: float
    found: tuple[Alternative, ...]
    tried: int
    better: Plan | None
    stopped: str | None = None


def alternatives(
    dataset: Dataset,
    plan: Plan,
    *,
    within: float = WITHIN,
    most: int = MOST,
    apart: float = APART,
    params: SolveParams | None = None,
) -> Alternatives:
    """Return structurally different near-optimal plans, each with its loss of value.

    Parameters
    ----------
    dataset : Dataset
        Tables and settings of the plan.
    plan : Plan
        The plan.
    within : float
        Part of the plan's value that may be given up.
    most : int
        Maximum number of alternatives.
    apart : float
        Least distance (0..1) between any two of them and to the plan, see `synergy.near_optimal.directions.distance`.
    params : SolveParams, optional
        Stopping criteria; 120 s by default.

    Raises
    ------
    VerificationError
        The plan does not follow from the dataset.
    """
    assert_valid(dataset, plan)
    params = params or SolveParams(time_limit=120.0)
    model = problem(dataset, everyone(places_of(dataset)))
    search = _Search(dataset, plan, model, (within, apart), params)
    candidates = search.compared(list(search.candidates()))
    kept: list[Alternative] = []
    candidates.sort(key=lambda one: one.lost)
    ways = [one.way for one in candidates]
    # the best of each way in turn, then the second best of each
    for place in sorted(range(len(ways)), key=lambda i: (ways[:i].count(ways[i]), i)):
        one = candidates[place]
        near = min((distance(one.features, other.features) for other in kept), default=1.0)
        if near >= apart and len(kept) < most:
            kept.append(replace(one, apart=near))
    found = tuple(sorted(kept, key=lambda one: one.lost))
    better = None if search.plan is plan else search.plan
    return Alternatives(search.plan, search.features, within, apart, found, search.tried, better, search.stopped)


class _Search:
    """Search for alternatives around a plan, with the plan's problem kept in a solver."""

    def __init__(
        self, dataset: Dataset, plan: Plan, model: Model, limits: tuple[float, float], params: SolveParams
    ) -> None:
        self.dataset, self.plan, self.params = dataset, plan, params
        self.within, self.apart = limits
        self.features = features_of(dataset, plan.decisions)
        self.near, self.tried = Near(model, integers_of(model, plan.decisions), params), 0
        base = self.near.rest(Wish())
        if base is None:
            raise UsageError(
                "the plan's builds and links fit no exchanges of this dataset: give the scenario it was made with "
                "/ 该方案的新建装置和线路与数据集不符：请给出其情景"
            )
        self.left, self.over = sum(SHARES.values()) + 1, self.params.ended()
        found = self._around(Wish(), base)
        self.base: Floats = base if found is None else found
        self.near.settle(self.base)
        if self._more(self.near.value(self.base)):
            self._take(_in_place_of(self.plan, self._planned(self.base)))
        self.parts = PlanParts(model, self.base)
        self.near.discourage(self.parts.strangers())  # of plans worth the same, the one that changes least

    @property
    def stopped(self) -> str | None:
        """Return the reason for an early end of the search: ``clock``, ``request`` or None."""
        return self.over or ("clock" if self.near.timed else None)

    @property
    def floor(self) -> float:
        """Return the least value of an alternative."""
        return self.plan.value - self.within * max(1.0, abs(self.plan.value))

    def _more(self, value: float) -> bool:
        """Return whether a value exceeds that of the plan by more than the tolerance."""
        return value > self.plan.value + MORE * max(1.0, abs(self.plan.value))

    def _take(self, better: Plan) -> None:
        """Replace the reference plan by a better one."""
        self.plan, self.features = better, features_of(self.dataset, better.decisions)

    def compared(self, found: list[Alternative]) -> list[Alternative]:
        """Replace the reference plan by the best alternative if it is better, and compare the others with it."""
        best = max(found, key=lambda one: one.plan.value, default=None)
        if best is None or not self._more(best.plan.value):
            return found
        self._take(_in_place_of(self.plan, best.plan))
        again = []
        for one in found:
            away, lost = distance(self.features, one.features), self.plan.value - one.plan.value
            near = one is best or away < self.apart or one.plan.value < self.floor
            if not near and _does_without(one.way, one.subject, (self.features, one.features)):
                again.append(replace(one, lost=lost, distance=away))
        return again

    def candidates(self) -> Iterator[Alternative]:
        """Yield alternatives of every way, distinct from the plan."""
        parts = self.parts
        for way, aims in (
            (DifferenceKind.BUILD, parts.builds()),
            (DifferenceKind.PROCESS, parts.processes()),
            (DifferenceKind.LINK, parts.links()),
            (DifferenceKind.PARTNER, self._cheapest(parts.fewer())),
            (DifferenceKind.CAPEX, self._thrifty()),
            (DifferenceKind.FEWER, self._few()),
        ):
            yield from islice(self._tell(aims), SHARES[way])
            self.left -= SHARES[way]

    def _tell(self, aims: Iterable[Aim]) -> Iterator[Alternative]:
        """Yield the alternatives found for the first few aims, within the loss allowed."""
        for aim in islice(aims, TRIES):
            self.over = self.over or self.params.ended()
            if self.over:
                return
            self.tried += 1
            x = self._found(aim)
            if x is not None and self.near.value(x) >= self.floor - NOUGHT * abs(self.floor):
                plan = self._planned(x)
                features, lost = features_of(self.dataset, plan.decisions), self.plan.value - plan.value
                away = distance(self.features, features)
                if away >= self.apart:
                    yield Alternative(aim.way, aim.subject, plan, features, lost, away, 1.0)

    def _found(self, aim: Aim) -> Floats | None:
        """Return the best plan found for an aim."""
        x = self.near.rest(Wish(aim.closed))
        if aim.way is DifferenceKind.CAPEX:
            return self._around(Wish(least=self.floor, thrifty=True), x)
        fits = x is not None and self.near.value(x) >= self.floor
        return self._around(Wish(aim.closed, least=self.floor), x if fits else None)

    def _around(self, wish: Wish, x: Floats | None) -> Floats | None:
        return self.near.around(wish, x, self.params.left / (self.left + 1))

    def _losses(self, aims: Iterable[Aim]) -> Iterator[tuple[float, Aim, Floats]]:
        """Yield each aim's loss with all other binaries fixed; infeasible aims are skipped."""
        value = self.near.value(self.base)
        until = self.params.left * (1 - 1 / (self.left + 1))
        for aim in aims:
            if self.params.left < until:
                self.over = self.over or "clock"
                return
            x = self.near.rest(Wish(aim.closed))
            if x is not None:
                yield value - self.near.value(x), aim, x

    def _cheapest(self, aims: Iterable[Aim]) -> Iterator[Aim]:
        """Yield the aims in increasing order of their loss with all other binaries fixed."""
        for _, aim, _ in sorted(self._losses(islice(aims, 40)), key=lambda loss: loss[0]):
            yield aim

    def _thrifty(self) -> Iterator[Aim]:
        """Yield the aim that drops most builds and links, those with the least loss per capex first."""
        capex = self.near.capex(self.base)
        losses = self._losses([*self.parts.builds(), *self.parts.links()])
        order = sorted(losses, key=lambda loss: loss[0] / max(capex - self.near.capex(loss[2]), 1.0))
        closed = self._most([aim.closed for _, aim, _ in order], np.empty(0, np.int64))
        if len(closed):
            yield Aim(DifferenceKind.CAPEX, (), closed)

    def _few(self) -> Iterator[Aim]:
        """Yield the aim that drops as many partnerships as possible, those with the least loss first."""
        parts, new = self.parts, self.parts.strangers()
        every = (Aim(DifferenceKind.FEWER, (), parts.of_pairs(np.array([pair]))) for pair in parts.partners.tolist())
        order = sorted(self._losses(every), key=lambda loss: loss[0])
        closed = self._most([aim.closed for _, aim, _ in order], new)
        if len(closed) > len(new):
            yield Aim(DifferenceKind.FEWER, (), closed)

    def _most(self, parts: list[Ints], always: Ints) -> Ints:
        """Return the columns of the longest prefix of parts that can be closed within the loss allowed."""
        low, high = 0, len(parts)
        while low < high:  # closing more never brings more
            middle = (low + high + 1) // 2
            x = self.near.rest(Wish(np.concatenate([always, *parts[:middle]])))
            fits = x is not None and self.near.value(x) >= self.floor
            low, high = (middle, high) if fits else (low, middle - 1)
        return np.concatenate([always, *parts[:low]]) if low else np.empty(0, np.int64)

    def _planned(self, x: Floats) -> Plan:
        """Return a verified plan without a baseline comparison; the bound of the reference plan applies to it."""
        model = self.near.model
        decisions, _ = decode(model, x)
        value, bound = accounts.value(self.dataset, decisions), self.plan.bound
        gap = relative_gap(bound, value)
        asked = float(self.plan.solver.get("gap_asked", self.params.gap))
        solver: dict[str, Cell] = {
            "name": "HiGHS around a plan",
            "seconds": self.params.seconds,  # since the search began
            "build_seconds": 0.0,
            "variables": len(model.cost),
            "constraints": len(model.row_lower),
            "binaries": int(model.integer.sum()),
            "threads": self.params.threads,
            "gap_asked": asked,
        }
        plan = Plan(
            dataset=self.plan.dataset,
            scenario=self.plan.scenario,
            status="optimal" if gap <= asked else "feasible",
            value=value,
            bound=bound,
            gap=gap,
            decisions=decisions,
            emissions={"co2": accounts.co2(self.dataset, decisions), "baseline_co2": None},
            proof=self.plan.proof,
            solver=solver,
        )
        assert_valid(self.dataset, plan)
        return plan


def _in_place_of(plan: Plan, better: Plan) -> Plan:
    """Return the better plan with the baseline comparison of the plan it replaces, without proposals and settlement.

    `better` is verified, without a baseline comparison of its own.
    """
    gain = None if plan.gain is None else plan.gain + better.value - plan.value
    return replace(
        plan,
        status=better.status,
        value=better.value,
        gap=better.gap,
        decisions=better.decisions,
        solver=better.solver,
        emissions={**plan.emissions, "co2": better.emissions["co2"]},
        gain=gain,
        remainder=gain,  # no proposals are made of it here, so none carries any
        proposals=(),
        settlement=None,
        shadow_prices=(),
    )


def _does_without(way: DifferenceKind, subject: tuple[str, ...], plans: tuple[Features, Features]) -> bool:
    """Return whether an alternative lacks something that a plan has: the part of an `Aim` that it excludes.

    `plans` are the features of the plan, and of the alternative.
    """
    plan, other = plans
    if way is DifferenceKind.BUILD:
        return subject in {(process, site) for process, site, _ in plan.builds}
    if way is DifferenceKind.PROCESS:
        return subject[0] in {process for process, _, _ in plan.builds}
    if way is DifferenceKind.LINK:
        return subject[:4] in plan.links
    if way is DifferenceKind.PARTNER:
        return (min(subject), max(subject)) in plan.partnerships
    return other.capex < plan.capex if way is DifferenceKind.CAPEX else len(other.partnerships) < len(plan.partnerships)


def sentence(dataset: Dataset, found: Alternatives, one: Alternative, lang: str) -> str:
    """Return a one-sentence summary of an alternative: its difference and its loss of value."""
    part = one.lost / max(1.0, abs(found.plan.value))
    key = "even" if abs(part) < EVEN else "less" if part > 0 else "more"
    lead = SAID.say(key, lang, part=f"{abs(part):.2%}".replace("%", " %" if lang == "en" else "%"))
    saved = found.features.capex - one.features.capex
    currency = dataset.settings.currency
    called = names(dataset, lang)
    subjects: dict[DifferenceKind, tuple[tuple[str, Mapping[str, str]], ...]] = {
        DifferenceKind.BUILD: (("process", called.process), ("site", called.site)),
        DifferenceKind.PROCESS: (("process", called.process),),
        DifferenceKind.LINK: (("origin", called.site), ("target", called.site), ("commodity", called.commodity)),
        DifferenceKind.PARTNER: (("enterprise", called.owner), ("other", called.owner)),
    }
    parts = zip(subjects.get(one.way, ()), one.subject, strict=False)  # a link's mode is not named
    fields = {key: known[ident] for (key, known), ident in parts} | {"saved": money(saved, currency, lang)}
    fields["count"], fields["before"] = (str(len(of.partnerships)) for of in (one.features, found.features))
    said = SAID.say("whole", lang, lead=lead, what=SAID.say(one.way, lang, **fields))
    if one.way is not DifferenceKind.CAPEX and abs(saved) > EVEN * max(1.0, found.features.capex):
        said += SAID.say("beside.less" if saved > 0 else "beside.more", lang, money=money(abs(saved), currency, lang))
    return said


def alternatives_record(dataset: Dataset, found: Alternatives) -> dict[str, JSON | PlanJSON | list[AlternativeJSON]]:
    """Return alternatives as a plain JSON record, each with its plan document.

    ``builds``, ``links`` and ``partnerships`` list the removals and additions relative to the plan.
    """
    return {
        "schema": SCHEMA,
        "dataset": plain(found.plan.dataset),
        "value": found.plan.value,
        "within": found.within,
        "least_distance": found.apart,
        "better": None if found.better is None else found.better.value,
        "better_plan": None if found.better is None else plan_record(found.better),
        "tried": found.tried,
        "stopped": found.stopped,
        "alternatives": [_record(dataset, found, one) for one in found.found],
    }


def _record(dataset: Dataset, found: Alternatives, one: Alternative) -> AlternativeJSON:
    changes = {}
    for name in ("builds", "links", "partnerships"):
        before, now = getattr(found.features, name), getattr(one.features, name)
        changes[name] = {"gone": plain(sorted(before - now)), "new": plain(sorted(now - before))}
    co2, co2_before = one.plan.emissions["co2"], found.plan.emissions["co2"]
    return {
        "way": str(one.way),
        "subject": list(one.subject),
        **{f"title_{lang}": sentence(dataset, found, one, lang) for lang in LANGUAGES},
        "value": one.plan.value,
        "lost": one.lost,
        "capex": one.features.capex,
        "capex_change": one.features.capex - found.features.capex,
        "co2_change": None if co2 is None or co2_before is None else co2 - co2_before,
        "distance": one.distance,
        "apart": one.apart,
        **changes,
        "plan": plan_record(one.plan),
    }
