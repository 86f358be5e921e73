"""The chain of events: read, verified, its head named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select

from synergy.store.access import Action, Actor, Resource, require
from synergy.store.commit import START, Record
from synergy.store.store import Store, signed
from synergy.store.tables import chain, events

_BATCH = 1000


def history(
    store: Store, actor: Actor, round_id: int | None = None, limit: int = 1000, before: int | None = None
) -> list[Record]:
    """Return events, the latest first.

    Parameters
    ----------
    store : Store
    actor : Actor
    round_id : int, optional
        Those of one round.
    limit : int
        At most so many.
    before : int, optional
        Those before this number alone, to go on from a page.

    Returns
    -------
    list of dict
        ``{number, at, actor, action, subject, round, detail, mac}``.
    """
    require(actor, Action.SEE_EVENTS, Resource("round"))
    wanted = select(events).order_by(events.c.number.desc()).limit(limit)
    if round_id is not None:
        wanted = wanted.where(events.c.round == round_id)
    if before is not None:
        wanted = wanted.where(events.c.number < before)
    with store.database.read() as connection:
        return [_told(row) for row in connection.execute(wanted)]


def _told(row: Row[Any]) -> Record:
    record = dict(row._mapping)
    return {name: value for name, value in record.items() if name != "previous"} | {"at": row.at.isoformat()}


def verify_chain(store: Store, actor: Actor, expected: Mapping[str, Any] | None = None) -> Record:
    """Recompute the chain of events.

    Parameters
    ----------
    store : Store
    actor : Actor
    expected : mapping, optional
        A head published earlier, ``{number, mac}``: the chain has to hold it, or its tail was cut off.

    Returns
    -------
    dict
        ``{sound, count, head: {number, mac}, broken}``; broken is the number of the first event that does not follow
        from those before it, None where all do.
    """
    require(actor, Action.VERIFY_CHAIN, Resource("round"))
    with store.database.read() as connection:
        tip = connection.execute(select(chain.c.number, chain.c.mac)).one()
        number, mac, broken = 0, START, None
        held = expected is None or int(expected["number"]) == 0
        while broken is None:
            rows = connection.execute(
                select(events).where(events.c.number > number).order_by(events.c.number).limit(_BATCH)
            ).all()
            for row in rows:
                if (
                    row.number != number + 1
                    or row.previous != mac
                    or signed(store.secret, dict(row._mapping)) != row.mac
                ):
                    broken = number + 1
                    break
                number, mac = row.number, row.mac
                if expected is not None and number == int(expected["number"]):
                    held = mac == expected["mac"]
            if len(rows) < _BATCH:
                break
    if broken is None and (tip.number, tip.mac) != (number, mac):
        broken = number + 1
    sound = broken is None and held
    return {"sound": sound, "count": number, "head": {"number": tip.number, "mac": tip.mac}, "broken": broken}
