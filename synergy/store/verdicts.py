"""What answers mean for the next run: accepted is fixed, declined forbidden, countered held to its figures."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

from synergy.dataset.dataset import Dataset
from synergy.store.archives import archive, dataset_of
from synergy.store.exact import decimal
from synergy.store.names import Answer
from synergy.store.tables import lines, parties, proposals

Record = dict[str, Any]
ENDS = ("from_site", "to_site", "commodity")
_Ends = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Library:
    """What has to be known of a frozen dataset to hold an exchange to a quantity.

    Parameters
    ----------
    modes : mapping of str to frozenset of str
        Modes that may carry each commodity.
    links : mapping
        Modes of the links that the dataset names, by sites and commodity.
    capacities : mapping
        Most that the links it names can carry, by sites, commodity and mode, and any link of a mode, by commodity and
        mode; units a year, only where there is a limit.
    """

    modes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    links: Mapping[_Ends, frozenset[str]] = field(default_factory=dict)
    capacities: Mapping[tuple[str, ...], float] = field(default_factory=dict)

    def others(self, ends: _Ends, mode: str) -> list[str]:
        """Return the modes beside one that could carry an exchange."""
        known = self.modes.get(ends[2], frozenset()) | self.links.get(ends, frozenset())
        return sorted(known - {mode, ""})

    def carried(self, ends: _Ends, mode: str, quantity: Decimal) -> float:
        """Return a quantity, or what a link can carry where that is less."""
        most = self.capacities.get((*ends, mode), self.capacities.get((ends[2], mode)))
        return float(quantity) if most is None else min(float(quantity), most)


def library(connection: Connection, row: Row[Any]) -> Library:
    """Return what has to be known of the frozen dataset of a round, its scenario applied.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    row : sqlalchemy.Row
        The round; of one that is not frozen nothing is known.
    """
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
    """Return what links can carry, those that the dataset names and those of a mode."""
    found: dict[tuple[str, ...], float] = {}
    for table, key in (("transport", ("commodity", "mode")), ("links", (*ENDS, "mode"))):
        frame = dataset[table]
        for *names, most in zip(*(frame[name] for name in (*key, "capacity")), strict=True):
            if not math.isnan(most):
                found[tuple(names)] = float(most)
    return found


def verdicts(connection: Connection, match: int, known: Library) -> list[Record]:
    """Return the rulings that follow from the answers to a run.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    match : int
        A run that is done.
    known : Library
        Of its dataset.

    Returns
    -------
    list of dict
        ``{kind, cause, pattern}``; what is fixed comes last, so that it prevails.
    """
    found = connection.execute(select(proposals).where(proposals.c.match == match).order_by(proposals.c.id)).all()
    answers = connection.execute(
        select(parties).join(proposals, proposals.c.id == parties.c.proposal).where(proposals.c.match == match)
    ).all()
    exchanged = lines_of(connection, match)
    accepted = [row.id for row in found if row.answer == Answer.ACCEPTED]
    declined: list[Record] = []
    counters: list[Row[Any]] = []
    standing: list[Row[Any]] = []
    for row in found:
        theirs = [one for one in answers if one.proposal == row.id]
        no = [one.enterprise for one in theirs if one.answer == Answer.DECLINED]
        if no:
            declined += _declined(no, exchanged[row.id])
        else:
            counters += [one for one in theirs if one.answer == Answer.COUNTERED]
            standing += exchanged[row.id]
    return [*declined, *_countered(counters, standing, known), *_accepted(exchanged, accepted)]


def lines_of(connection: Connection, match: int) -> dict[int, list[Row[Any]]]:
    """Return the lines of all proposals of a run, by proposal."""
    rows = connection.execute(
        select(lines)
        .join(proposals, proposals.c.id == lines.c.proposal)
        .where(proposals.c.match == match)
        .order_by(lines.c.proposal, lines.c.number)
    )
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.proposal].append(row)
    return found


def _ends(line: Row[Any]) -> _Ends:
    return line.from_site, line.to_site, line.commodity


def _accepted(exchanged: Mapping[int, list[Row[Any]]], accepted: Iterable[int]) -> list[Record]:
    """Return what is fixed: the yearly sum of each exchange, a flow that two proposals share counted once."""
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
    fixed = [_ruling("fix", "accepted", ends, quantity=float(total)) for ends, total in sums.items() if total]
    return fixed + [_ruling("price", "accepted", ends, price=str(price)) for ends, price in prices.items()]


def _declined(who: list[str], exchanged: list[Row[Any]]) -> list[Record]:
    """Return what is forbidden: the exchanges of those who declined, not what they build alone."""
    theirs = [line for line in exchanged if {line.from_enterprise, line.to_enterprise} & set(who)]
    return [_ruling("forbid", "declined", ends) for ends in dict.fromkeys(_ends(line) for line in theirs)]


def _countered(counters: list[Row[Any]], exchanged: list[Row[Any]], known: Library) -> list[Record]:
    """Return what exchanges are held to: by each party the quantity and the price that it asked for.

    The limit of an exchange is the yearly sum of its lines, those that a party countered at its figure, above what was
    proposed as well as below.
    """
    asked = {(one.proposal, one.enterprise, item["number"]): item for one in counters for item in one.counter}
    found = []
    for party in dict.fromkeys(one.enterprise for one in counters):
        limits, prices = _asked(party, asked, exchanged)
        for ends, (mode, total) in limits.items():
            more = {"mode": mode, "others": known.others(ends, mode), "quantity": known.carried(ends, mode, total)}
            found.append(_ruling("cap", "countered", ends, by=party, **more))
        for ends, (side, price) in prices.items():
            found.append(_ruling("price", "countered", ends, by=party, side=side, price=price))
    return found


def _asked(
    party: str, asked: Mapping[tuple[int, str, int], Mapping[str, Any]], exchanged: Iterable[Row[Any]]
) -> tuple[dict[_Ends, tuple[str, Decimal]], dict[_Ends, tuple[str, str]]]:
    """Return mode and limit of the exchanges whose quantity a party countered, and side and price it asked for."""
    sums: dict[_Ends, Decimal] = defaultdict(Decimal)
    modes: dict[_Ends, str] = {}
    prices: dict[_Ends, tuple[str, str]] = {}
    figures: dict[tuple[str, ...], tuple[_Ends, Decimal, bool]] = {}
    for line in exchanged:
        ends = _ends(line)
        item = asked.get((line.proposal, party, line.number), {})
        if item.get("price") is not None:
            prices[ends] = ("seller" if line.from_enterprise == party else "buyer", item["price"])
        given = item.get("quantity") is not None
        if given:
            modes.setdefault(ends, line.mode)
        # a flow that two proposals share counts once, at the figure of the one that was countered
        key = (*ends, line.mode, line.outlet_kind, line.outlet, line.inlet_kind, line.inlet)
        if given or key not in figures:
            figures[key] = (ends, decimal(item["quantity"]) if given else line.quantity, given)
    for ends, quantity, _ in figures.values():
        sums[ends] += quantity
    return {ends: (mode, sums[ends]) for ends, mode in modes.items()}, prices


def _ruling(kind: str, cause: str, ends: _Ends, **more: Any) -> Record:
    return {"kind": kind, "cause": cause, "pattern": dict(zip(ENDS, ends, strict=True)) | more}
