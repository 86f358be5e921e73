"""What everybody may know of a round: sums over at least five enterprises, none of them more than half."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from synergy.store.access import Action, Actor, Resource, require
from synergy.store.commit import Record
from synergy.store.exact import written
from synergy.store.matching import latest_match
from synergy.store.rounds import round_row
from synergy.store.seeing import SHOWN
from synergy.store.store import Store
from synergy.store.tables import lines, proposals

LEAST = 5  # enterprises behind a sum
GREATEST = Decimal("0.5")  # part of it that one of them may have


def aggregates(store: Store, actor: Actor, round_id: int) -> list[Record]:
    """Return what is exchanged of each commodity between enterprises, where enough of them do.

    Parameters
    ----------
    store : Store
    actor : Actor
        Anybody with an account.
    round_id : int
        Published or later; before that there is nothing to see.

    Returns
    -------
    list of dict
        ``{commodity, quantity, enterprises}``, by commodity. Quantities are rounded to two figures, so that two rounds
        that differ in one firm do not tell its figure. What fewer than five exchange, or one by more than half, is not
        there at all.
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
    """Return whether a sum may be shown.

    Parameters
    ----------
    parts : mapping of str to decimal.Decimal
        What each enterprise has of it.
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
