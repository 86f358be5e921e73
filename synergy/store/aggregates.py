"""Public aggregates of a round, disclosed only for at least five enterprises without a dominant one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from synergy.records.rounds import labels
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import archive, dataset_of
from synergy.store.column_types import written
from synergy.store.commit import Record
from synergy.store.messages import refusal
from synergy.store.queries import SHOWN
from synergy.store.rounds import round_row
from synergy.store.runs import latest_match
from synergy.store.store import Store
from synergy.store.tables import lines, proposals, rounds

LEAST = 5  # enterprises behind a sum
GREATEST = Decimal("0.5")  # part of it that one of them may have
_TABLES = ("commodities", "processes")  # of the association's library: who sees the round may know them
# by digest, so that what is kept can never be out of date
_KNOWN: dict[str, dict[str, Any]] = {}


def aggregates(store: Store, actor: Actor, round_id: int) -> list[Record]:
    """Return the quantities exchanged between enterprises by commodity, where the disclosure rule permits it.

    Parameters
    ----------
    store : Store
    actor : Actor
        Any account.
    round_id : int
        Published or later; before that there is nothing to see.

    Returns
    -------
    list of dict
        ``{commodity, quantity, enterprises}``, by commodity. Quantities are rounded to two figures, so that two rounds
        that differ in one firm do not reveal its figure. Commodities exchanged by fewer than five, or by one with more
        than half, are left out.
    """
    require(actor, Action.SEE_AGGREGATES, Resource("round"))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        latest = latest_match(connection, round_id)
        if latest is None or row.state not in SHOWN:
            return []
        found = connection.execute(
            select(lines).join(proposals, proposals.c.id == lines.c.proposal).where(proposals.c.match == latest.id)
        ).all()
    parts: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    totals: dict[str, Decimal] = defaultdict(Decimal)
    seen = set()
    for line in found:
        key = (line.from_site, line.to_site, line.commodity, line.mode, line.outlet, line.inlet)
        if key in seen or not line.from_enterprise or not line.to_enterprise:
            continue
        seen.add(key)
        totals[line.commodity] += line.quantity
        for name in {line.from_enterprise, line.to_enterprise}:
            parts[line.commodity][name] += line.quantity
    return [
        {"commodity": name, "quantity": _coarse(total), "enterprises": len(parts[name])}
        for name, total in sorted(totals.items())
        if fit(parts[name], total)
    ]


def fit(parts: Mapping[str, Decimal], total: Decimal) -> bool:
    """Return whether a sum satisfies the disclosure rule: enough contributors, none of them dominant.

    Parameters
    ----------
    parts : mapping of str to decimal.Decimal
        Contribution of each enterprise.
    total : decimal.Decimal
        The sum.

    Examples
    --------
    >>> fit({name: Decimal(1) for name in "abcde"}, Decimal(5)), fit({"a": Decimal(5)}, Decimal(5))
    (True, False)
    """
    return len(parts) >= LEAST and total > 0 and max(parts.values()) <= GREATEST * total


def _coarse(value: Decimal) -> Any:
    return written(Decimal(f"{value:.1e}"))


def measures(store: Store, actor: Actor, round_id: int) -> Record:
    """Return the currency of a round, and the units and names of its commodities and processes.

    Parameters
    ----------
    store : Store
    actor : Actor
        Any account.
    round_id : int

    Returns
    -------
    dict
        ``{round, currency, commodities: {id: {name_en, name_zh, unit, hazard}}, processes: {id: {name_en, name_zh,
        activity_unit}}}``; nothing of any enterprise.
    """
    require(actor, Action.SEE_ROUNDS, Resource("round"))
    with store.database.read() as connection:
        base = connection.execute(select(rounds.c.base).where(rounds.c.id == round_id)).scalar()
        if base is None:
            raise refusal("not_found", what="round")
        known = _KNOWN.get(base)
        if known is None:
            known = _KNOWN[base] = _told(archive(connection, base))
            while len(_KNOWN) > 32:
                _KNOWN.pop(next(iter(_KNOWN)), None)
    return {"round": round_id, **known}


def _told(content: bytes) -> dict[str, Any]:
    dataset = dataset_of(content)
    named = labels(dataset)
    return {"currency": dataset.settings.currency, **{table: named[table] for table in _TABLES}}
