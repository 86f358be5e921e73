"""What figures of a round are measured in: its currency, the unit of each commodity and of each process."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from synergy.records.rounds import labels
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.archives import archive, dataset_of
from synergy.store.commit import Record
from synergy.store.store import Store
from synergy.store.tables import rounds
from synergy.store.words import refusal

_TABLES = ("commodities", "processes")  # of the association's library: who sees the round may know them


def measures(store: Store, actor: Actor, round_id: int) -> Record:
    """Return the units and names of what a round is about.

    Parameters
    ----------
    store : Store
    actor : Actor
        Anybody with an account.
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


# by digest, so that what is kept can never be out of date
_KNOWN: dict[str, dict[str, Any]] = {}


def _told(content: bytes) -> dict[str, Any]:
    dataset = dataset_of(content)
    named = labels(dataset)
    return {"currency": dataset.settings.currency, **{table: named[table] for table in _TABLES}}
