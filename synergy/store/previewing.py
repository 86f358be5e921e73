"""Before a declaration is made: what it stands on, and what it would change; nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from synergy.dataset.dataset import Dataset
from synergy.errors import Problem
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.archives import archive, dataset_of
from synergy.store.commit import Record
from synergy.store.declaring import declaration_row, last_time, problems_of, stored, told
from synergy.store.filling import filled
from synergy.store.overlay import MARKS, Entry
from synergy.store.rounds import round_row
from synergy.store.store import Store

_COMPARED = ("site", "subject", "period", "amount", "price")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a declaration stands on.

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
        What stands now, or what "as last time" would declare.
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


def ground(store: Store, actor: Actor, place: tuple[int, str]) -> Ground:
    """Return what a declaration of an enterprise stands on.

    Parameters
    ----------
    store : Store
    actor : Actor
        Who may see it.
    place : tuple of int and str
        Round and enterprise.

    Returns
    -------
    Ground

    Raises
    ------
    NotFoundError
        No such round, or the enterprise takes no part in it.
    """
    round_id, enterprise = place
    require(actor, Action.SEE_DECLARATION, Resource("declaration", frozenset({enterprise})))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        head = declaration_row(connection, round_id, enterprise)
        if head.submitted:
            entries, origin = stored(connection, round_id, enterprise), "declared"
        else:
            entries, origin = last_time(connection, row, enterprise)
        return Ground(
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


def preview(
    store: Store, actor: Actor, place: tuple[int, str], entries: Sequence[Entry]
) -> tuple[Record, tuple[Problem, ...]]:
    """Return what a declaration would change, and what is wrong with it.

    Parameters
    ----------
    store, actor, place, entries
        As for `synergy.store.declaring.declare`.

    Returns
    -------
    dict
        ``{round, enterprise, version, from, entries, added, removed, changed, same}``: added and removed are entries,
        changed ``{sheet, ident, fields: {name: [before, after]}}``, same a count.
    tuple of Problem
        By table and number of the entry there, from 1.
    """
    require(actor, Action.DECLARE, Resource("round", frozenset({place[1]})))
    known = ground(store, actor, place)
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
    """Return a value of another column so that equal ones compare equal, however they were written."""
    if isinstance(value, bool) or value in (None, 0, "0", "false"):
        return "true" if value is True else ""
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int) else value
