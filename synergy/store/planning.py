"""Data of a round for planners: its inputs, names, and the extent of declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from synergy.records.rounds import labels
from synergy.settlement.division import RuleNote
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import archive, dataset_of
from synergy.store.commit import Record
from synergy.store.rounds import round_row
from synergy.store.store import Store
from synergy.store.tables import declarations, declared, snapshots


def round_input(store: Store, actor: Actor, round_id: int) -> Record:
    """Return the inputs of a round: datasets, scenario, options and previous round.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner or auditor.
    round_id : int

    Returns
    -------
    dict
        ``{round, dataset, base, frozen, scenario, options, previous, creator}``: dataset is the name of `base`, which
        is a digest like `frozen`.
    """
    require(actor, Action.SEE_PLANS, Resource("round"))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        name = connection.execute(select(snapshots.c.name).where(snapshots.c.digest == row.base)).scalar_one()
    names = ("base", "frozen", "scenario", "options", "previous", "creator")
    return {"round": row.id, "dataset": name, **{key: row._mapping[key] for key in names}}


def round_names(store: Store, actor: Actor, round_id: int) -> Record:
    """Return the display names for the ids of a round, also before it has a plan.

    Returns
    -------
    dict
        ``{currency, labels}`` as of `synergy.records.rounds.round_record`.
    """
    require(actor, Action.SEE_PLANS, Resource("round"))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        content = archive(connection, row.frozen or row.base)
    dataset = dataset_of(content)
    return {"currency": dataset.settings.currency, "labels": labels(dataset)}


def list_members(store: Store, actor: Actor, round_id: int) -> list[Record]:
    """Return the enterprises of a round, with the status and row counts of their declarations.

    Returns
    -------
    list of dict
        ``{enterprise, submitted, origin, reminders, version, at, rows: {sheet: count}}``, by enterprise.
    """
    require(actor, Action.SEE_PLANS, Resource("declaration"))
    own = declarations.c.round == round_id
    counted = select(declared.c.enterprise, declared.c.sheet, func.count().label("rows"))
    counted = counted.where(declared.c.round == round_id).group_by(declared.c.enterprise, declared.c.sheet)
    with store.database.read() as connection:
        round_row(connection, round_id)
        rows = connection.execute(select(declarations).where(own).order_by(declarations.c.enterprise)).all()
        counts: dict[str, dict[str, int]] = {}
        for one in connection.execute(counted):
            counts.setdefault(one.enterprise, {})[one.sheet] = int(one.rows)
    names = ("enterprise", "submitted", "origin", "reminders", "version")
    return [
        {name: row._mapping[name] for name in names} | {"at": _time(row.at), "rows": counts.get(row.enterprise, {})}
        for row in rows
    ]


def _time(value: Any) -> str | None:
    return None if value is None else str(value.isoformat())


def dataset_facts(store: Store, actor: Actor, digest: str) -> Record:
    """Return the facts of a stored dataset for creating a round: enterprises and settings.

    Returns
    -------
    dict
        ``{name, enterprises: [{enterprise, name_en, name_zh, county}], settings, currency, labels, periods}``.
    """
    require(actor, Action.CREATE_ROUND, Resource("snapshot"))
    with store.database.read() as connection:
        content = archive(connection, digest)
    dataset = dataset_of(content)
    known = labels(dataset)
    firms = [{"enterprise": ident, **label} for ident, label in known["enterprises"].items()]
    return {
        "name": dataset.name,
        "enterprises": firms,
        "settings": dataset.settings.record(),
        "currency": dataset.settings.currency,
        "periods": len(dataset["periods"]),
    }


def settlement_notes(settled: Record, lang: str, currency: str, names: Mapping[str, str]) -> list[str]:
    """Return the notes of a settlement rule on its payoffs, as sentences.

    Parameters
    ----------
    settled : mapping
        The key ``settlement`` of a plan document.
    lang : str
        ``en`` or ``zh``.
    currency : str
        The dataset's.
    names : mapping of str to str
        Names of enterprises, by id.
    """
    notes = [RuleNote(one["code"], float(one["number"]), tuple(one["enterprises"])) for one in settled["notes"]]
    return [note.sentence(lang, currency, names) for note in notes]
