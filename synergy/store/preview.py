"""Preview of a declaration, without storing it: its basis, its changes, and the chains of its commodities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from synergy.dataset.sheet import Dataset
from synergy.dataset.subset import subset
from synergy.errors import Problem
from synergy.graph.pathways import pathways, pathways_record
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import archive, dataset_of
from synergy.store.commit import Record
from synergy.store.declarations import declaration_row, entries_of, last_time, problems_of, stored, told
from synergy.store.messages import refusal
from synergy.store.names import Seat, Sheet
from synergy.store.overlay import MARKS, Entry, checked, filled, overlaid
from synergy.store.rounds import round_row
from synergy.store.store import Store

_COMPARED = ("site", "subject", "period", "amount", "price")
DEPTH = 3  # processes in a chain: further ones are other people's business


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationBasis:
    """Basis of a declaration: status in the round, current entries, and the base dataset.

    Parameters
    ----------
    round, enterprise : int, str
        Where and whose.
    state : str
        Of the round.
    deadline : datetime.datetime or None
        Until when enterprises may declare.
    version : int
        Of the declaration.
    submitted : bool
        Whether it was declared in this round.
    origin : str
        Where `entries` come from: ``declared``, ``last`` (an earlier round) or ``dataset``.
    entries : tuple of Entry
        Current entries, or those that "as last time" would declare.
    base : Dataset
        The association's: it holds figures of others and goes no further than the readers of forms.
    """

    round: int
    enterprise: str
    state: str
    deadline: datetime | None = None
    version: int
    submitted: bool
    origin: str
    entries: tuple[Entry, ...]
    base: Dataset = field(repr=False)


def ground(store: Store, actor: Actor, seat: Seat) -> DeclarationBasis:
    """Return the basis of a declaration of an enterprise.

    Parameters
    ----------
    store : Store
    actor : Actor
        Who may see it.
    seat : Seat
        Round and enterprise.

    Returns
    -------
    DeclarationBasis

    Raises
    ------
    NotFoundError
        No such round, or the enterprise takes no part in it.
    """
    round_id, enterprise = seat
    require(actor, Action.SEE_DECLARATION, Resource("declaration", frozenset({enterprise})))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        head = declaration_row(connection, round_id, enterprise)
        if head.submitted:
            entries, origin = stored(connection, round_id, enterprise), "declared"
        else:
            entries, origin = last_time(connection, row, enterprise)
        return DeclarationBasis(
            round=round_id,
            enterprise=enterprise,
            state=str(row.state),
            deadline=row.deadline,
            version=head.version,
            submitted=bool(head.submitted),
            origin=origin,
            entries=tuple(entries),
            base=dataset_of(archive(connection, row.base)),
        )


def preview(store: Store, actor: Actor, seat: Seat, entries: Sequence[Entry]) -> tuple[Record, tuple[Problem, ...]]:
    """Return the changes that a declaration would make, and its problems.

    Parameters
    ----------
    store, actor, seat, entries
        As for `synergy.store.declarations.declare`.

    Returns
    -------
    dict
        ``{round, enterprise, version, from, entries, added, removed, changed, same}``: added and removed are entries,
        changed ``{sheet, ident, fields: {name: [before, after]}}``, same a count.
    tuple of Problem
        By table and number of the entry there, from 1.
    """
    require(actor, Action.DECLARE, Resource("round", frozenset({seat.enterprise})))
    known = ground(store, actor, seat)
    whole, assumed = filled(known.base, known.enterprise, entries)
    problems = problems_of(known.base, known.enterprise, whole)
    record = {"round": known.round, "enterprise": known.enterprise, "version": known.version, "from": known.origin}
    return record | _changes(known.entries, whole, assumed), problems


def _changes(before: Sequence[Entry], after: Sequence[Entry], assumed: Sequence[Sequence[Record]]) -> Record:
    old = {(entry.sheet, entry.ident): entry for entry in before}
    new = {(entry.sheet, entry.ident): entry for entry in after}
    said = {(entry.sheet, entry.ident): list(one) for entry, one in zip(after, assumed, strict=True)}
    changed = []
    for key in new.keys() & old.keys():
        fields = _differences(_record(old[key], []), _record(new[key], []))
        if fields:
            changed.append({"sheet": str(key[0]), "ident": key[1], "site": new[key].site, "fields": fields})
    return {
        "entries": [_record(entry, said[key]) for key, entry in new.items()],
        "added": [_record(entry, said[key]) for key, entry in new.items() if key not in old],
        "removed": [_record(entry, []) for key, entry in old.items() if key not in new],
        "changed": sorted(changed, key=lambda one: (str(one["sheet"]), str(one["ident"]))),
        "same": len(new.keys() & old.keys()) - len(changed),
    }


def _record(entry: Entry, assumed: Sequence[Record]) -> Record:
    names = ("sheet", "ident", *_COMPARED)
    row = {name: getattr(entry, name) for name in names} | {"other": dict(entry.other), "assumed": list(assumed)}
    return told(row) | {"sheet": str(entry.sheet)}


def _differences(before: Record, after: Record) -> Record:
    fields = {name: [before[name], after[name]] for name in _COMPARED if before[name] != after[name]}
    old, new = before["other"], after["other"]
    for name in sorted((old.keys() | new.keys()) - MARKS):
        was, will = (_plain(values.get(name, "")) for values in (old, new))
        if was != will and not (name == "qualities" and "kept" in old):
            fields[name] = [was, will]
    return fields


def _plain(value: object) -> object:
    """Return a value of another column in normal form, so that equal values compare equal."""
    if isinstance(value, bool) or value in (None, 0, "0", "false"):
        return "true" if value is True else ""
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int) else value


def goods(store: Store, actor: Actor, seat: Seat) -> list[Record]:
    """Return the physical commodities that an enterprise offers or produces.

    Parameters
    ----------
    store : Store
    actor : Actor
        Of the enterprise, or a planner.
    seat : Seat
        Round and enterprise.

    Returns
    -------
    list of dict
        ``{commodity, name_en, name_zh}``: of its offers, then of the products of its facilities, each once.
    """
    dataset, entries = _own(store, actor, seat)
    recipes = dataset["recipes"]
    made = recipes[recipes["coefficient"] > 0]
    found = [entry.subject for entry in entries if entry.sheet is Sheet.OFFERS]
    for entry in entries:
        if entry.sheet is Sheet.FACILITIES:
            found += made.loc[made["process"] == entry.subject, "commodity"].tolist()
    table = dataset["commodities"].set_index("commodity")
    return [
        {"commodity": name, **{key: str(table.at[name, key]) or name for key in ("name_en", "name_zh")}}
        for name in dict.fromkeys(found)
        if table.at[name, "phase"] != "right"
    ]


def chains(store: Store, actor: Actor, seat: Seat, commodity: str) -> Record:
    """Return all processing chains open to a commodity of an enterprise.

    Parameters
    ----------
    store, actor, seat
        As for `goods`.
    commodity : str
        One of the round's.

    Returns
    -------
    dict
        As from `synergy.graph.pathways.pathways_record`: prices of public markets, processes and steps of scale of the
        library, units, offers and needs of this enterprise and of public places; nothing of any other one.

    Raises
    ------
    NotFoundError
        There is no such round, enterprise or commodity.
    """
    dataset, entries = _own(store, actor, seat)
    if commodity not in set(dataset["commodities"]["commodity"]):
        raise refusal("not_found", what="commodity")
    return _chains(dataset, tuple(repr(entry) for entry in entries), commodity, (seat.enterprise, tuple(entries)))


def _own(store: Store, actor: Actor, seat: Seat) -> tuple[Dataset, list[Entry]]:
    """Return the base dataset of a round, and the entries of an enterprise: declared, else from the dataset."""
    round_id, enterprise = seat
    require(actor, Action.SEE_DECLARATION, Resource("declaration", frozenset({enterprise})))
    with store.database.read() as connection:
        dataset = _base(connection, round_id)
        if enterprise not in set(dataset["enterprises"]["enterprise"]):
            raise refusal("not_found", what="enterprise")
        return dataset, stored(connection, round_id, enterprise) or entries_of(dataset, enterprise)


def _base(connection: Connection, round_id: int) -> Dataset:
    return dataset_of(archive(connection, round_row(connection, round_id).base))


class _Key:
    """Dataset and entries as a cache key, compared by content."""

    def __init__(self, dataset: Dataset, said: tuple[str, ...], entries: tuple[str, tuple[Entry, ...]]) -> None:
        self.dataset, self.entries, self._said = dataset, entries, (dataset.digest, said, entries[0])

    def __hash__(self) -> int:
        return hash(self._said)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._said == other._said


def _chains(
    dataset: Dataset, said: tuple[str, ...], commodity: str, entries: tuple[str, tuple[Entry, ...]]
) -> dict[str, Any]:
    return _found(_Key(dataset, said, entries), commodity)


@lru_cache(maxsize=64)
def _found(key: _Key, commodity: str) -> dict[str, Any]:
    """Return the record of the processing chains, cached and to be treated as read-only."""
    enterprise, entries = key.entries
    own = subset(overlaid(key.dataset, {enterprise: entries}), {enterprise})
    dataset, _ = checked(own)
    dataset = dataset or subset(key.dataset, {enterprise})
    return pathways_record(dataset, pathways(dataset, commodity, depth=DEPTH))
