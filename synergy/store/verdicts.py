"""What answers mean for the next run: accepted is fixed, declined forbidden, countered held to its figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

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
    options : bool
        Whether it says where may be built.
    """

    modes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    links: Mapping[_Ends, frozenset[str]] = field(default_factory=dict)
    options: bool = False

    def others(self, ends: _Ends, mode: str) -> list[str]:
        """Return the modes beside one that could carry an exchange."""
        known = self.modes.get(ends[2], frozenset()) | self.links.get(ends, frozenset())
        return sorted(known - {mode, ""})


def library(connection: Connection, digest: str | None) -> Library:
    """Return what has to be known of a frozen dataset; of a round that is not frozen, nothing."""
    if digest is None:
        return Library()
    dataset = dataset_of(archive(connection, digest))
    modes: dict[str, set[str]] = defaultdict(set)
    for mode, commodity in zip(dataset["transport"]["mode"], dataset["transport"]["commodity"], strict=True):
        modes[commodity].add(mode)
    links: dict[_Ends, set[str]] = defaultdict(set)
    for row in zip(*(dataset["links"][name] for name in (*ENDS, "mode")), strict=True):
        links[row[:3]].add(row[3])
    return Library(
        {key: frozenset(names) for key, names in modes.items()},
        {key: frozenset(names) for key, names in links.items()},
        "build_options" in dataset.given,
    )


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
    declined, countered = [], []
    for row in found:
        theirs = [one for one in answers if one.proposal == row.id]
        no = [one.enterprise for one in theirs if one.answer == Answer.DECLINED]
        if no:
            declined += _declined(row, no, exchanged[row.id], known)
        else:
            counters = [one for one in theirs if one.answer == Answer.COUNTERED]
            countered += _countered(counters, exchanged[row.id], known)
    return [*declined, *countered, *_accepted(exchanged, accepted)]


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


def _declined(row: Row[Any], who: list[str], exchanged: list[Row[Any]], known: Library) -> list[Record]:
    """Return what is forbidden: the exchanges of those who declined, and the build where its host declined."""
    theirs = [line for line in exchanged if {line.from_enterprise, line.to_enterprise} & set(who)]
    found = [_ruling("forbid", "declined", ends) for ends in dict.fromkeys(_ends(line) for line in theirs)]
    if row.record["host"] in who and known.options:
        for build in row.record["built"]:
            pattern = {"process": build["process"], "site": build["site"]}
            found.append({"kind": "build", "cause": "declined", "pattern": pattern})
    return found


def _countered(counters: list[Row[Any]], exchanged: list[Row[Any]], known: Library) -> list[Record]:
    """Return what exchanges are held to: the least quantity and the last price that somebody asked for."""
    least: dict[_Ends, Decimal] = {}
    mode: dict[_Ends, str] = {}
    prices: dict[_Ends, tuple[str, str]] = {}
    asked = {(one.enterprise, item["number"]): item for one in counters for item in one.counter}
    for line in exchanged:
        items = [(name, item) for (name, number), item in asked.items() if number == line.number]
        quantities = [decimal(item["quantity"]) for _, item in items if item.get("quantity") is not None]
        if quantities:
            least[_ends(line)] = least.get(_ends(line), Decimal(0)) + min(quantities)
            mode.setdefault(_ends(line), line.mode)
        for name, item in items:
            if item.get("price") is not None:
                prices[_ends(line)] = (name, item["price"])
    for line in exchanged:  # other lines of the same exchange keep their quantity
        numbers = {number for _, number in asked}
        if _ends(line) in least and line.number not in numbers:
            least[_ends(line)] += line.quantity
    found = [
        _ruling("cap", "countered", ends, mode=mode[ends], others=known.others(ends, mode[ends]), quantity=float(total))
        for ends, total in least.items()
    ]
    return found + [_ruling("price", "countered", ends, price=price, by=by) for ends, (by, price) in prices.items()]


def _ruling(kind: str, cause: str, ends: _Ends, **more: Any) -> Record:
    return {"kind": kind, "cause": cause, "pattern": dict(zip(ENDS, ends, strict=True)) | more}
