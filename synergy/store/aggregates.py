"""Public aggregates of a round, disclosed only for at least five enterprises without a dominant one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import select

from synergy.records.figures import Measures
from synergy.records.rounds import Aggregate
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import measures_of
from synergy.store.messages import refusal
from synergy.store.queries import SHOWN
from synergy.store.rounds import round_row
from synergy.store.runs import latest_match
from synergy.store.store import Store
from synergy.store.tables import lines, proposals, rounds

LEAST = 5  # enterprises behind a sum
GREATEST = Decimal("0.5")  # part of it that one of them may have


def aggregates(store: Store, actor: Actor, round_id: int) -> list[Aggregate]:
    """Return the quantities exchanged between enterprises by commodity, where the disclosure rule permits it.

    Quantities are rounded to two figures, so that two rounds that differ in one enterprise do not reveal its figure.
    Before the round is published there are none.
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
        units = measures_of(connection, row.base)
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
        Aggregate(commodity=name, quantity=units.amount(name, _coarse(total)), enterprises=len(parts[name]))
        for name, total in sorted(totals.items())
        if fit(parts[name], total)
    ]


def fit(parts: Mapping[str, Decimal], total: Decimal) -> bool:
    """Return whether a sum of contributions by enterprise may be disclosed: enough contributors, none of them dominant.

    Examples
    --------
    >>> fit({name: Decimal(1) for name in "abcde"}, Decimal(5)), fit({"a": Decimal(5)}, Decimal(5))
    (True, False)
    """
    return len(parts) >= LEAST and total > 0 and max(parts.values()) <= GREATEST * total


def _coarse(value: Decimal) -> Decimal:
    return Decimal(f"{value:.1e}")


def measures(store: Store, actor: Actor, round_id: int) -> Measures:
    """Return the currency of a round, and the units and names of its commodities and processes.

    Raises
    ------
    NotFoundError
        There is no such round.
    """
    require(actor, Action.SEE_ROUNDS, Resource("round"))
    with store.database.read() as connection:
        base = connection.execute(select(rounds.c.base).where(rounds.c.id == round_id)).scalar()
        if base is None:
            raise refusal("not_found", what="round")
        return measures_of(connection, base)
