"""Data of a round for planners: its inputs, names, and the extent of declarations."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from synergy.records.documents import SettlementJSON
from synergy.records.labels import labels
from synergy.records.rounds import Member, RoundNames, Setup
from synergy.records.studies import DatasetFacts, DatasetMember
from synergy.settlement.division import RuleNote
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import archive, dataset_of
from synergy.store.rounds import round_row
from synergy.store.store import Store
from synergy.store.tables import declarations, declared, snapshots


def round_input(store: Store, actor: Actor, round_id: int) -> Setup:
    """Return the inputs of a round: datasets, scenario, options and previous round."""
    require(actor, Action.SEE_PLANS, Resource("round"))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        name = connection.execute(select(snapshots.c.name).where(snapshots.c.digest == row.base)).scalar_one()
    return Setup.of(row, round=row.id, dataset=name)


def round_names(store: Store, actor: Actor, round_id: int) -> RoundNames:
    """Return the display names for the ids of a round, also before it has a plan."""
    require(actor, Action.SEE_PLANS, Resource("round"))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        content = archive(connection, row.frozen or row.base)
    dataset = dataset_of(content)
    return RoundNames.model_validate({"currency": dataset.settings.currency, "labels": labels(dataset)})


def list_members(store: Store, actor: Actor, round_id: int) -> list[Member]:
    """Return the enterprises of a round, with the status and row counts of their declarations, by enterprise."""
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
    return [Member.of(row, rows=counts.get(row.enterprise, {})) for row in rows]


def dataset_facts(store: Store, actor: Actor, digest: str) -> DatasetFacts:
    """Return the facts of a stored dataset for creating a round: enterprises and settings."""
    require(actor, Action.CREATE_ROUND, Resource("snapshot"))
    with store.database.read() as connection:
        content = archive(connection, digest)
    dataset = dataset_of(content)
    firms = labels(dataset)["enterprises"].items()
    return DatasetFacts(
        name=dataset.name,
        enterprises=[DatasetMember(enterprise=ident, **label) for ident, label in firms],
        settings=dataset.settings.record(),
        currency=dataset.settings.currency,
        periods=len(dataset["periods"]),
    )


def settlement_notes(settled: SettlementJSON, lang: str, currency: str, names: Mapping[str, str]) -> list[str]:
    """Return the notes of a settlement rule on its payoffs, as sentences; `names` are of enterprises, by id."""
    notes = [RuleNote(one["code"], float(one["number"]), tuple(one["enterprises"])) for one in settled["notes"]]
    return [note.sentence(lang, currency, names) for note in notes]
