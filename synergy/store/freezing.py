"""Freezing of a round: its declarations are merged into one immutable dataset."""

from __future__ import annotations

from sqlalchemy import Connection, select

from synergy.dataset.subset import subset
from synergy.errors import DatasetError
from synergy.records.rounds import Frozen
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import Snapshot, archive, dataset_of, keep, snapshot_of
from synergy.store.commit import Step, Transaction, commit
from synergy.store.declarations import stored
from synergy.store.ladder import on_ladder
from synergy.store.messages import refusal
from synergy.store.overlay import Entry, checked, overlaid
from synergy.store.rounds import StepOptions, fits, moved, round_row
from synergy.store.rows import RoundRow
from synergy.store.store import Store
from synergy.store.tables import declarations
from synergy.store.turnover import bounded

_Heads = dict[str, tuple[int, bool]]
_Owned = dict[str, list[Entry]]


def freeze(store: Store, actor: Actor, round_id: int, asked: StepOptions | None = None) -> Frozen:
    """Close the declarations of a round, and store the merged dataset under its digest.

    Members without a declaration count as in the dataset of the association; other enterprises are left out. Costs of
    enterprises are rounded to the ladder of the round (`synergy.store.ladder`).

    Raises
    ------
    DatasetError
        The merged declarations, or the scenario on them, are wrong.
    RefusedError
        The round is not declaring, or its money is more than can be stored.
    ConflictError
        A declaration came in meanwhile: freeze again.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or StepOptions()
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        before = None if row.frozen else _gathered(connection, row)
    snapshot = None if before is None else _sum(row, before)

    def body(change: Transaction) -> Frozen:
        now = round_row(change.connection, round_id)
        fits(now.state, "freeze")
        heads = _heads(change.connection, round_id)
        if before is None or snapshot is None or heads != before[2]:
            raise refusal("stale", what="declaration", given="-", found="-")
        keep(change.connection, snapshot, change.at)
        absent = sorted(name for name, (_, submitted) in heads.items() if not submitted)
        detail = {"snapshot": snapshot.digest, "undeclared": absent}
        told = moved(change, now, "freeze", asked, detail, frozen=snapshot.digest)
        return Frozen(**dict(told), snapshot=snapshot.digest, undeclared=absent)

    return commit(store, actor, Step("round.freeze", {"round": round_id, **asked.given}, asked.key), Frozen, body)


def _heads(connection: Connection, round_id: int) -> _Heads:
    rows = connection.execute(select(declarations).where(declarations.c.round == round_id))
    return {row.enterprise: (row.version, row.submitted) for row in rows}


def _gathered(connection: Connection, row: RoundRow) -> tuple[bytes, _Owned, _Heads]:
    heads = _heads(connection, row.id)
    owned = {name: stored(connection, row.id, name) for name, (_, submitted) in heads.items() if submitted}
    return archive(connection, row.base), owned, heads


def _sum(row: RoundRow, gathered: tuple[bytes, _Owned, _Heads]) -> Snapshot:
    """Return the merged dataset of all declarations as a snapshot, validated with the scenario."""
    content, owned, heads = gathered
    base = dataset_of(content)
    whole = overlaid(base, owned)
    if set(heads) != set(base["enterprises"]["enterprise"]):
        whole = subset(whole, set(heads))
    found, problems = checked(whole)
    if found is None:
        raise DatasetError(problems)
    bounded(found, "sum")
    snapshot = snapshot_of(on_ladder(found, row.options.get("ladder", 0.0)))
    dataset_of(snapshot.archive, row.scenario)
    return snapshot
