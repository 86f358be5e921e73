"""Runs of a round: requests by planners, and rulings that follow from answers."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.metadata import version
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update

from synergy.dataset.sheet import Dataset
from synergy.records.documents import CounterJSON, PatternJSON
from synergy.records.figures import decimal
from synergy.records.names import Answer, MatchState, State
from synergy.records.runs import Requested, RunRequested
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import archive, dataset_of
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.messages import refusal
from synergy.store.policy import composed, prices_of
from synergy.store.rounds import StepOptions, fits, moved, round_row
from synergy.store.rows import ActiveRow, LineRow, MatchRow, PartyRow, RoundRow
from synergy.store.store import Store
from synergy.store.tables import lines, matches, parties, proposals, rounds, rulings

_VERSIONS = ("synergy-matching", "highspy", "ortools", "numpy", "pandas", "scipy")
ACTIVE = (MatchState.REQUESTED, MatchState.RUNNING)
_DONE = (matches.c.round == bindparam("of")) & (matches.c.state == MatchState.DONE) & matches.c.plan.is_not(None)
# the checkpoint is large, and nobody looks at it
_LATEST = select(*(column for column in matches.c if column.name != "checkpoint"))
_LATEST = _LATEST.where(_DONE).order_by(matches.c.number.desc()).limit(1)
ENDS = ("from_site", "to_site", "commodity")
_Ends = tuple[str, str, str]


def request_match(store: Store, actor: Actor, round_id: int, asked: StepOptions | None = None) -> RunRequested:
    """Request a run; from a responding round, accepted exchanges are fixed and declined ones forbidden.

    `asked.start` are runs of any round that brought a plan, the best of which that fits the search begins with.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()
    with store.database.read() as connection:
        known = library(connection, round_row(connection, round_id))
        begun = select(matches.c.id).where(matches.c.id.in_(asked.start), matches.c.plan.is_not(None))
        if len(connection.execute(begun).all()) < len(set(asked.start)):
            raise refusal("not_found", what="match")

    def body(change: Transaction) -> RunRequested:
        connection = change.connection
        row = round_row(connection, round_id)
        if row.state == State.MATCHING:
            raise refusal("busy")
        fits(row.state, "match")
        if row.state == State.RESPONDING:
            latest = latest_match(connection, round_id)
            news = [] if latest is None else verdicts(connection, latest.id, known)
            if news:
                made = {"round": round_id, "match": latest and latest.id, "at": change.at, "actor": actor.name}
                connection.execute(insert(rulings), [{**made, **one._asdict()} for one in news])
        number = connection.execute(select(func.count()).where(matches.c.round == round_id)).scalar_one() + 1
        rules = standing(connection, round_id)
        asked_prices = prices_of(rules)
        values = {
            "round": round_id,
            "number": number,
            "state": MatchState.REQUESTED,
            "snapshot": row.frozen,
            "scenario": composed(row.scenario, rules, dataset_of(archive(connection, row.base)).settings),
            "options": {name: value for name, value in row.options.items() if name != "ladder"}
            | ({"prices": asked_prices} if asked_prices else {})
            | ({"start": sorted(set(asked.start))} if asked.start else {}),
            "versions": {name: version(name) for name in _VERSIONS} | {"python": sys.version.split()[0]},
            "requested": change.at,
            "requester": actor.name,
        }
        match = inserted(connection, matches, **values)
        told = moved(change, row, "match", asked, {"match": match})
        return RunRequested(**dict(told), match=match, number=number)

    given = {"round": round_id, **asked.given}
    return commit(store, actor, Step("round.match", given, asked.key), RunRequested, body)


def standing(connection: Connection, round_id: int) -> list[tuple[str, PatternJSON]]:
    """Return kind and pattern of the effective rulings of a round, the earliest first."""
    own = (rulings.c.round == round_id) & rulings.c.withdrawn.is_(False)
    rows = connection.execute(select(rulings.c.kind, rulings.c.pattern).where(own).order_by(rulings.c.id))
    return [(row.kind, row.pattern) for row in rows]


def latest_match(connection: Connection, round_id: int) -> MatchRow | None:
    """Return the latest run of a round that has a plan, without its checkpoint; None where there is none."""
    return connection.execute(_LATEST, {"of": round_id}).one_or_none()


def back(change: Transaction, round_id: int, match: int, step: str, detail: Mapping[str, object]) -> None:
    """Reset a round whose run ended without proposals to the state from which it can be matched again."""
    done = latest_match(change.connection, round_id)
    state = State.FROZEN if done is None else State.REVIEW
    change.connection.execute(
        update(rounds)
        .where(rounds.c.id == round_id, rounds.c.state == State.MATCHING)
        .values(state=state, version=rounds.c.version + 1)
    )
    change.event(step, f"match:{match}", {**detail, "state": state}, round_id)


def halt_search(store: Store, actor: Actor, round_id: int, asked: StepOptions | None = None) -> Requested:
    """Request an early end of the search: the best plan so far, or the first one, is settled and proposed.

    Raises
    ------
    NotFoundError
        No run is under way.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()

    def body(change: Transaction) -> Requested:
        row = _under_way(change.connection, round_id)
        change.connection.execute(update(matches).where(matches.c.id == row.id).values(halt=True))
        change.event("match.halt", f"match:{row.id}", {"note": asked.note}, round_id)
        return Requested(match=row.id, state=MatchState(row.state))

    return commit(store, actor, Step("match.halt", {"round": round_id, **asked.given}, asked.key), Requested, body)


def cancel_match(store: Store, actor: Actor, round_id: int, asked: StepOptions | None = None) -> Requested:
    """Request the cancellation of a run: immediate where no worker holds it, else at its next renewal."""
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()

    def body(change: Transaction) -> Requested:
        connection = change.connection
        row = _under_way(connection, round_id)
        same = update(matches).where(matches.c.id == row.id)
        if row.state == MatchState.REQUESTED or row.lease is None or row.lease < change.at:
            connection.execute(same.values(state=MatchState.CANCELLED, finished=change.at, lease=None))
            back(change, round_id, row.id, "match.cancelled", {"note": asked.note})
            return Requested(match=row.id, state=MatchState.CANCELLED)
        connection.execute(same.values(cancel=True))
        change.event("match.cancel", f"match:{row.id}", {"note": asked.note}, round_id)
        return Requested(match=row.id, state=MatchState.RUNNING)

    return commit(store, actor, Step("match.cancel", {"round": round_id, **asked.given}, asked.key), Requested, body)


def _under_way(connection: Connection, round_id: int) -> ActiveRow:
    round_row(connection, round_id)
    own = (matches.c.round == round_id) & matches.c.state.in_(ACTIVE)
    row = connection.execute(select(matches).where(own).with_for_update()).one_or_none()
    if row is None:
        raise refusal("not_found", what="match")
    return row


@dataclass(frozen=True, slots=True)
class Library:
    """Transport modes, links and capacities of a frozen dataset, for capping an exchange.

    `modes` may carry each commodity; `links` are the modes of the links that the dataset names, by sites and commodity;
    `capacities` (units a year, only where there is a limit) are of those links by sites, commodity and mode, and of any
    link by commodity and mode.
    """

    modes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    links: Mapping[_Ends, frozenset[str]] = field(default_factory=dict)
    capacities: Mapping[tuple[str, ...], float] = field(default_factory=dict)

    def others(self, ends: _Ends, mode: str) -> list[str]:
        """Return the other modes that could carry an exchange."""
        known = self.modes.get(ends[2], frozenset()) | self.links.get(ends, frozenset())
        return sorted(known - {mode, ""})

    def carried(self, ends: _Ends, mode: str, quantity: Decimal) -> float:
        """Return a quantity, capped by the capacity of the link."""
        most = self.capacities.get((*ends, mode), self.capacities.get((ends[2], mode)))
        return float(quantity) if most is None else min(float(quantity), most)


def library(connection: Connection, row: RoundRow) -> Library:
    """Return the transport data of the frozen dataset of a round, with its scenario; nothing where it is not frozen."""
    if row.frozen is None:
        return Library()
    dataset = dataset_of(archive(connection, row.frozen), row.scenario)
    modes: dict[str, set[str]] = defaultdict(set)
    for mode, commodity in zip(dataset["transport"]["mode"], dataset["transport"]["commodity"], strict=True):
        modes[commodity].add(mode)
    links: dict[_Ends, set[str]] = defaultdict(set)
    for start, end, commodity, mode in zip(*(dataset["links"][name] for name in (*ENDS, "mode")), strict=True):
        links[start, end, commodity].add(mode)
    return Library(
        {key: frozenset(names) for key, names in modes.items()},
        {key: frozenset(names) for key, names in links.items()},
        _capacities(dataset),
    )


def _capacities(dataset: Dataset) -> dict[tuple[str, ...], float]:
    """Return the capacities of links, both of named links and of modes."""
    found: dict[tuple[str, ...], float] = {}
    for table, key in (("transport", ("commodity", "mode")), ("links", (*ENDS, "mode"))):
        frame = dataset[table]
        for *names, most in zip(*(frame[name] for name in (*key, "capacity")), strict=True):
            if not math.isnan(most):
                found[tuple(names)] = float(most)
    return found


class DerivedRuling(NamedTuple):
    """Ruling that follows from the answers to a run: its kind (``forbid``, ``cap``, ``fix`` or ``price``) and cause."""

    kind: str
    cause: str
    pattern: PatternJSON


def verdicts(connection: Connection, match: int, known: Library) -> list[DerivedRuling]:
    """Return the rulings that follow from the answers to a run; fix rulings come last, so that they prevail."""
    found = connection.execute(select(proposals).where(proposals.c.match == match).order_by(proposals.c.id)).all()
    answers = connection.execute(
        select(parties).join(proposals, proposals.c.id == parties.c.proposal).where(proposals.c.match == match)
    ).all()
    exchanged = lines_of(connection, match)
    accepted = [row.id for row in found if row.answer == Answer.ACCEPTED]
    declined: list[DerivedRuling] = []
    counters: list[PartyRow] = []
    standing: list[LineRow] = []
    for row in found:
        theirs = [one for one in answers if one.proposal == row.id]
        no = [one.enterprise for one in theirs if one.answer == Answer.DECLINED]
        if no:
            declined += _declined(no, exchanged[row.id])
        else:
            counters += [one for one in theirs if one.answer == Answer.COUNTERED]
            standing += exchanged[row.id]
    return [*declined, *_countered(counters, standing, known), *_accepted(exchanged, accepted)]


def lines_of(connection: Connection, match: int) -> dict[int, list[LineRow]]:
    """Return the lines of all proposals of a run, by proposal."""
    rows = connection.execute(
        select(lines)
        .join(proposals, proposals.c.id == lines.c.proposal)
        .where(proposals.c.match == match)
        .order_by(lines.c.proposal, lines.c.number)
    )
    found: dict[int, list[LineRow]] = defaultdict(list)
    for row in rows:
        found[row.proposal].append(row)
    return found


def _ends(line: LineRow) -> _Ends:
    return line.from_site, line.to_site, line.commodity


def _accepted(exchanged: Mapping[int, list[LineRow]], accepted: Iterable[int]) -> list[DerivedRuling]:
    """Return the fix and price rulings of accepted exchanges, a flow shared by proposals counted once."""
    sums: dict[_Ends, Decimal] = defaultdict(Decimal)
    prices: dict[_Ends, Decimal] = {}
    seen = set()
    for line in (line for proposal in accepted for line in exchanged[proposal]):
        key = (*_ends(line), line.mode, line.outlet_kind, line.outlet, line.inlet_kind, line.inlet)
        if key not in seen:
            seen.add(key)
            sums[_ends(line)] += line.quantity
        if line.price is not None:
            prices[_ends(line)] = line.price
    fixed = [_ruling("fix", "accepted", ends, {"quantity": float(total)}) for ends, total in sums.items() if total]
    return fixed + [_ruling("price", "accepted", ends, {"price": str(price)}) for ends, price in prices.items()]


def _declined(who: list[str], exchanged: list[LineRow]) -> list[DerivedRuling]:
    """Return the forbid rulings for the exchanges of parties that declined."""
    theirs = [line for line in exchanged if {line.from_enterprise, line.to_enterprise} & set(who)]
    return [_ruling("forbid", "declined", ends, {}) for ends in dict.fromkeys(_ends(line) for line in theirs)]


def _countered(counters: list[PartyRow], exchanged: list[LineRow], known: Library) -> list[DerivedRuling]:
    """Return the cap and price rulings that follow from counter-offers, by party.

    The limit of an exchange is the yearly sum of its lines, those that a party countered at its figure, above the
    proposed one as well as below.
    """
    asked = {(one.proposal, one.enterprise, item["number"]): item for one in counters for item in one.counter or ()}
    found = []
    for party in dict.fromkeys(one.enterprise for one in counters):
        limits, prices = _asked(party, asked, exchanged)
        for ends, (mode, total) in limits.items():
            others, quantity = known.others(ends, mode), known.carried(ends, mode, total)
            cap: PatternJSON = {"by": party, "mode": mode, "others": others, "quantity": quantity}
            found.append(_ruling("cap", "countered", ends, cap))
        for ends, limit in prices.items():
            found.append(_ruling("price", "countered", ends, {"by": party, **limit}))
    return found


def _asked(
    party: str, asked: Mapping[tuple[int, str, int], CounterJSON], exchanged: Iterable[LineRow]
) -> tuple[dict[_Ends, tuple[str, Decimal]], dict[_Ends, PatternJSON]]:
    """Return mode and limit of exchanges with a countered quantity, side and price of those with a countered price."""
    sums: dict[_Ends, Decimal] = defaultdict(Decimal)
    modes: dict[_Ends, str] = {}
    prices: dict[_Ends, PatternJSON] = {}
    figures: dict[tuple[str, ...], tuple[_Ends, Decimal]] = {}
    for line in exchanged:
        ends = _ends(line)
        item = asked.get((line.proposal, party, line.number))
        if item is not None and item["price"] is not None:
            prices[ends] = {"side": "seller" if line.from_enterprise == party else "buyer", "price": item["price"]}
        given = None if item is None else item["quantity"]
        if given is not None:
            modes.setdefault(ends, line.mode)
        # a flow that two proposals share counts once, at the figure of the one that was countered
        key = (*ends, line.mode, line.outlet_kind, line.outlet, line.inlet_kind, line.inlet)
        if given is not None or key not in figures:
            figures[key] = (ends, line.quantity if given is None else decimal(given))
    for ends, quantity in figures.values():
        sums[ends] += quantity
    return {ends: (mode, sums[ends]) for ends, mode in modes.items()}, prices


def _ruling(kind: str, cause: str, ends: _Ends, more: PatternJSON) -> DerivedRuling:
    start, end, commodity = ends
    return DerivedRuling(kind, cause, {"from_site": start, "to_site": end, "commodity": commodity, **more})
