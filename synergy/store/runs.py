"""Runs of a round: requests by planners, rulings that follow from answers, and the scenario that obeys them."""

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

from synergy.records.documents import CounterJSON, PatternJSON, PriceJSON, ScenarioJSON
from synergy.records.figures import decimal
from synergy.records.names import Answer, MatchState, State
from synergy.records.runs import Requested, RunRequested
from synergy.scenario import Cell, Settings
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.datasets import archive, dataset_of
from synergy.store.messages import existing, refusal
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
_AnyEnds = tuple[str | None, str | None, str | None]
_Firms = tuple[str | None, str | None]
_Row = dict[str, Cell]  # of a table


def request_match(store: Store, actor: Actor, round_id: int, asked: StepOptions | None = None) -> RunRequested:
    """Request a run; from a responding round, accepted exchanges are fixed and declined ones forbidden.

    `asked.start` are runs of any round that brought a plan, the best of which that fits the search begins with.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()
    with store.database.read() as connection:
        known = _library(connection, round_row(connection, round_id))
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
            news = [] if latest is None else _verdicts(connection, latest.id, known)
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
    still = update(rounds).where(rounds.c.id == round_id, rounds.c.state == State.MATCHING)
    change.connection.execute(still.values(state=state, version=rounds.c.version + 1))
    change.event(step, f"match:{match}", {**detail, "state": state}, round_id)


def halt_search(store: Store, actor: Actor, round_id: int, asked: StepOptions | None = None) -> Requested:
    """Request an early end of the search: the best plan so far, or the first one, is settled and proposed.

    `NotFoundError`: no run is under way.
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
    return existing(connection.execute(select(matches).where(own).with_for_update()).one_or_none(), "match")


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


def _library(connection: Connection, row: RoundRow) -> Library:
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
    capacities: dict[tuple[str, ...], float] = {}
    for table, key in (("transport", ("commodity", "mode")), ("links", (*ENDS, "mode"))):
        for *names, most in zip(*(dataset[table][name] for name in (*key, "capacity")), strict=True):
            if not math.isnan(most):
                capacities[tuple(names)] = float(most)
    return Library(
        {commodity: frozenset(some) for commodity, some in modes.items()},
        {ends: frozenset(some) for ends, some in links.items()},
        capacities,
    )


class DerivedRuling(NamedTuple):
    """Ruling that follows from the answers to a run: its kind (``forbid``, ``cap``, ``fix`` or ``price``) and cause."""

    kind: str
    cause: str
    pattern: PatternJSON


def _verdicts(connection: Connection, match: int, known: Library) -> list[DerivedRuling]:
    """Return the rulings that follow from the answers to a run; fix rulings come last, so that they prevail."""
    found = connection.execute(select(proposals).where(proposals.c.match == match).order_by(proposals.c.id)).all()
    wanted = select(parties).join(proposals, proposals.c.id == parties.c.proposal)
    answers = connection.execute(wanted.where(proposals.c.match == match)).all()
    exchanged = lines_of(connection, match)
    accepted = [row.id for row in found if row.answer == Answer.ACCEPTED]
    declined: list[DerivedRuling] = []
    counters: list[PartyRow] = []
    open_lines: list[LineRow] = []
    for row in found:
        theirs = [one for one in answers if one.proposal == row.id]
        no = {one.enterprise for one in theirs if one.answer == Answer.DECLINED}
        if no:
            refused = (_ends(line) for line in exchanged[row.id] if {line.from_enterprise, line.to_enterprise} & no)
            declined += [_ruling("forbid", "declined", ends, {}) for ends in dict.fromkeys(refused)]
        else:
            counters += [one for one in theirs if one.answer == Answer.COUNTERED]
            open_lines += exchanged[row.id]
    return [*declined, *_countered(counters, open_lines, known), *_accepted(exchanged, accepted)]


def lines_of(connection: Connection, match: int) -> dict[int, list[LineRow]]:
    """Return the lines of all proposals of a run, by proposal."""
    wanted = select(lines).join(proposals, proposals.c.id == lines.c.proposal).where(proposals.c.match == match)
    found: dict[int, list[LineRow]] = defaultdict(list)
    for row in connection.execute(wanted.order_by(lines.c.proposal, lines.c.number)):
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
            modes = known.modes.get(ends[2], frozenset()) | known.links.get(ends, frozenset())
            most = known.capacities.get((*ends, mode), known.capacities.get((ends[2], mode), math.inf))
            cap: PatternJSON = {"by": party, "mode": mode, "others": sorted(modes - {mode, ""})}
            cap["quantity"] = min(float(total), most)
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


def composed(scenario: ScenarioJSON, rulings: Iterable[tuple[str, PatternJSON]], own: Settings) -> ScenarioJSON:
    """Return the scenario of a run: the scenario of the round with rulings, given by kind, the earliest first.

    `own` are the settings of the dataset, whose `forbid` and `fix` stand where the scenario has none: rulings are added
    to them.

    A later fix of the same exchange replaces an earlier one, and a fix lifts a forbid or cap of the same; of caps the
    latest of each party stands, and the least of them holds. A build is forbidden at its site.
    """
    forbids, fixes, caps, builds = _sorted(rulings)
    settings = dict(scenario.get("settings", {}))
    stated = own.record() | settings
    settings["forbid"] = [*stated["forbid"], *forbids]
    settings["fix"] = [*stated["fix"], *fixes]
    tables = {table: list(rows) for table, rows in scenario.get("tables", {}).items()}
    links: list[_Row] = []
    for cap in caps:  # one mode is limited, the others are forbidden
        ends: _Row = {"from_site": cap["from_site"], "to_site": cap["to_site"], "commodity": cap["commodity"]}
        links.append({**ends, "mode": cap["mode"], "capacity": float(cap["quantity"])})
        links += [{**ends, "mode": mode, "forbidden": True} for mode in cap["others"]]
    for table, key, rows in (("links", (*ENDS, "mode"), links), ("build_options", ("process", "site"), builds)):
        if rows:
            merged: dict[tuple[Cell, ...], _Row] = {}
            for row in [*tables.get(table, []), *rows]:  # columns of later rows prevail
                place = tuple(row.get(name, "") for name in key)
                merged[place] = {**merged.get(place, {}), **row}
            tables[table] = list(merged.values())
    return {**scenario, "settings": settings, "tables": tables}


def _sorted(
    rulings: Iterable[tuple[str, PatternJSON]],
) -> tuple[list[PatternJSON], list[PatternJSON], list[PatternJSON], list[_Row]]:
    """Return the effective forbids, fixes and caps, and the rows of builds, without duplicates."""
    forbids: dict[tuple[_Firms, _AnyEnds], PatternJSON] = {}
    fixes: dict[tuple[_Firms, _AnyEnds], PatternJSON] = {}
    caps: dict[_AnyEnds, dict[str, PatternJSON]] = {}
    builds: dict[tuple[str, str], _Row] = {}
    for kind, one in rulings:
        ends = (one.get("from_site"), one.get("to_site"), one.get("commodity"))
        key = ((one.get("from_enterprise"), one.get("to_enterprise")), ends)
        if kind == "fix":
            fixes[key] = one
            forbids.pop(key, None)
            caps.pop(ends, None)
        elif kind == "forbid":
            forbids[key] = one
            fixes.pop(key, None)
        elif kind == "cap":
            caps.setdefault(ends, {})[one.get("by", "")] = one
        elif kind == "build":
            process, site = one["process"], one["site"]
            builds[process, site] = {"process": process, "site": site, "max_capacity": 0}
    least = [min(each.values(), key=lambda cap: float(cap["quantity"])) for each in caps.values()]
    return list(forbids.values()), list(fixes.values()), least, list(builds.values())


def prices_of(rulings: Iterable[tuple[str, PatternJSON]]) -> list[PriceJSON]:
    """Return the price constraints of a run; of each side of an exchange the latest ruling stands.

    They have the ``least`` that the seller asks for, the ``most`` that the buyer offers (rulings with ``side``), or the
    price ``agreed`` that all accepted.
    """
    found: dict[tuple[str, str, str], PriceJSON] = {}
    for kind, one in rulings:
        if kind != "price" or ("by" in one and "side" not in one):
            continue
        key = (one["from_site"], one["to_site"], one["commodity"])
        ends: PriceJSON = {"from_site": key[0], "to_site": key[1], "commodity": key[2]}
        price = float(one["price"])
        if "side" not in one:
            found[key] = {**ends, "agreed": price}
            continue
        record = found.setdefault(key, ends)
        record.pop("agreed", None)
        if one["side"] == "seller":
            record["least"] = price
        else:
            record["most"] = price
    return list(found.values())
