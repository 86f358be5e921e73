"""Datasets of the association as a planner sends them: kept under their digest, for rounds to be made of."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, true

from synergy.errors import DatasetError
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.archives import archive, keep, snapshot_of
from synergy.store.commit import Change, Record, Step, commit
from synergy.store.store import Store
from synergy.store.tables import matches, rounds, snapshots
from synergy.store.uploads import read_upload


def add_dataset(store: Store, actor: Actor, content: bytes, key: str | None = None) -> Record:
    """Keep a dataset.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner.
    content : bytes
        A zip archive of its folder, a workbook, or JSON (`synergy.store.uploads`).
    key : str, optional
        Idempotency key.

    Returns
    -------
    dict
        ``{dataset, name, tables}``: dataset is the digest that it is known by, tables that of what they say.

    Raises
    ------
    DatasetError
        It is wrong; nothing is kept.
    """
    require(actor, Action.CREATE_ROUND, Resource("snapshot"))
    found, problems = read_upload(content)
    if found is None:
        raise DatasetError(problems)
    snapshot = snapshot_of(found)
    told = {"dataset": snapshot.digest, "name": snapshot.name, "tables": snapshot.tables}

    def body(change: Change) -> Record:
        keep(change.connection, snapshot, change.at)
        change.event("dataset.add", f"dataset:{snapshot.digest}", {"name": snapshot.name})
        return told

    return commit(store, actor, Step("dataset.add", told, key), body)


def list_datasets(store: Store, actor: Actor) -> list[Record]:
    """Return the datasets that are kept, the latest first.

    Returns
    -------
    list of dict
        ``{dataset, name, tables, created}``; what rounds were frozen as is among them.
    """
    return _listed(store, actor, true())


def list_starts(store: Store, actor: Actor) -> list[Record]:
    """Return the datasets that a round can be made of, as `list_datasets` does.

    What a round was frozen as holds declarations: it is no start for another one, unless one was made from it.
    """
    frozen = select(rounds.c.frozen).where(rounds.c.frozen.is_not(None)).union(select(matches.c.snapshot))
    return _listed(store, actor, snapshots.c.digest.not_in(frozen) | snapshots.c.digest.in_(select(rounds.c.base)))


def _listed(store: Store, actor: Actor, which: ColumnElement[bool]) -> list[Record]:
    require(actor, Action.SEE_PLANS, Resource("snapshot"))
    names = ("digest", "name", "tables", "created")
    wanted = select(*(snapshots.c[name] for name in names)).where(which)
    with store.database.read() as connection:
        rows = connection.execute(wanted.order_by(snapshots.c.created.desc(), snapshots.c.digest)).all()
    return [
        {"dataset": row.digest, "name": row.name, "tables": row.tables, "created": row.created.isoformat()}
        for row in rows
    ]


def dataset_archive(store: Store, actor: Actor, digest: str) -> bytes:
    """Return a dataset as a zip archive of its folder.

    Raises
    ------
    NotFoundError
        There is none of this digest.
    """
    require(actor, Action.SEE_PLANS, Resource("snapshot"))
    with store.database.read() as connection:
        return archive(connection, digest)
