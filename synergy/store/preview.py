"""Preview of a declaration, without storing it: its basis, its changes, and the chains of its commodities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import Connection

from synergy.dataset.sheet import Dataset
from synergy.dataset.subset import subset
from synergy.errors import Problem
from synergy.graph.pathways import pathways, pathways_record
from synergy.records.declarations import Assumed, ChangedEntry, Good, Preview
from synergy.records.documents import Document
from synergy.records.figures import Measures, written
from synergy.records.names import Seat, Sheet
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import archive, dataset_of, measures_of
from synergy.store.declarations import declaration_row, entries_of, entry_record, last_time, problems_of, stored
from synergy.store.messages import refusal
from synergy.store.overlay import MARKS, Entry, checked, filled, overlaid
from synergy.store.rounds import round_row
from synergy.store.store import Store

_COMPARED = ("site", "subject", "period", "amount", "price")
DEPTH = 3  # processes in a chain: further ones are other people's business


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationBasis:
    """Basis of a declaration: status in the round, current entries, and the base dataset.

    `state` is that of the round. `entries` are the current ones (`origin` ``declared``), else those that "as last time"
    would declare: of an earlier round (``last``) or of the ``dataset``. `base` is the dataset of the association: it
    holds figures of others and goes no further than the readers of forms.
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

    Raises
    ------
    NotFoundError
        No such round, or the enterprise takes no part in it.
    """
    return _ground(store, actor, seat)[0]


def _ground(store: Store, actor: Actor, seat: Seat) -> tuple[DeclarationBasis, Measures]:
    round_id, enterprise = seat
    require(actor, Action.SEE_DECLARATION, Resource("declaration", frozenset({enterprise})))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        head = declaration_row(connection, round_id, enterprise)
        if head.submitted:
            entries, origin = stored(connection, round_id, enterprise), "declared"
        else:
            entries, origin = last_time(connection, row, enterprise)
        known = DeclarationBasis(
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
        return known, measures_of(connection, row.base)


def preview(store: Store, actor: Actor, seat: Seat, entries: Sequence[Entry]) -> tuple[Preview, tuple[Problem, ...]]:
    """Return the changes that a declaration would make, and its problems by table and number of the entry, from 1."""
    require(actor, Action.DECLARE, Resource("round", frozenset({seat.enterprise})))
    known, units = _ground(store, actor, seat)
    whole, assumed = filled(known.base, known.enterprise, entries)
    problems = problems_of(known.base, known.enterprise, whole)
    return _changes(known, whole, assumed, units), problems


def _changes(
    known: DeclarationBasis, after: Sequence[Entry], assumed: Sequence[Sequence[Assumed]], units: Measures
) -> Preview:
    old = {(entry.sheet, entry.ident): entry for entry in known.entries}
    new = {(entry.sheet, entry.ident): entry for entry in after}
    said = {(entry.sheet, entry.ident): one for entry, one in zip(after, assumed, strict=True)}
    told = {key: entry_record(entry, said[key], units) for key, entry in new.items()}
    changed = [
        ChangedEntry(sheet=key[0], ident=key[1], site=new[key].site, fields=fields)
        for key in sorted(new.keys() & old.keys())
        if (fields := _differences(old[key], new[key]))
    ]
    return Preview(
        round=known.round,
        enterprise=known.enterprise,
        version=known.version,
        origin=known.origin,
        entries=list(told.values()),
        added=[one for key, one in told.items() if key not in old],
        removed=[entry_record(entry, (), units) for key, entry in old.items() if key not in new],
        changed=changed,
        same=len(new.keys() & old.keys()) - len(changed),
    )


def _differences(before: Entry, after: Entry) -> dict[str, tuple[object, object]]:
    """Return the values of an entry that differ, before and after, figures as exact texts."""
    fields: dict[str, tuple[object, object]] = {}
    for name in _COMPARED:
        was, will = (getattr(one, name) for one in (before, after))
        if was != will:
            fields[name] = (_told(was), _told(will))
    old, new = before.other, after.other
    for name in sorted((old.keys() | new.keys()) - MARKS):
        was, will = (_plain(values.get(name, "")) for values in (old, new))
        if was != will and not (name == "qualities" and "kept" in old):
            fields[name] = (was, will)
    return fields


def _told(value: object) -> object:
    return written(value) if isinstance(value, Decimal) else value


def _plain(value: object) -> object:
    """Return a value of another column in normal form, so that equal values compare equal."""
    if isinstance(value, bool) or value in (None, 0, "0", "false"):
        return "true" if value is True else ""
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int) else value


def goods(store: Store, actor: Actor, seat: Seat) -> list[Good]:
    """Return the physical commodities that an enterprise offers, then those that its facilities produce."""
    dataset, entries = _own(store, actor, seat)
    recipes = dataset["recipes"]
    made = recipes[recipes["coefficient"] > 0]
    found = [entry.subject for entry in entries if entry.sheet is Sheet.OFFERS]
    for entry in entries:
        if entry.sheet is Sheet.FACILITIES:
            found += made.loc[made["process"] == entry.subject, "commodity"].tolist()
    table = dataset["commodities"].set_index("commodity")
    return [
        Good(commodity=name, **{key: str(table.at[name, key]) or name for key in ("name_en", "name_zh")})
        for name in dict.fromkeys(found)
        if table.at[name, "phase"] != "right"
    ]


def chains(store: Store, actor: Actor, seat: Seat, commodity: str) -> Document:
    """Return all processing chains open to a commodity of an enterprise, as from `pathways_record`.

    They hold prices of public markets, processes and steps of scale of the library, units, offers and needs of this
    enterprise and of public places; nothing of any other one.

    Raises
    ------
    NotFoundError
        There is no such round, enterprise or commodity.
    """
    dataset, entries = _own(store, actor, seat)
    if commodity not in set(dataset["commodities"]["commodity"]):
        raise refusal("not_found", what="commodity")
    said = tuple(repr(entry) for entry in entries)
    return _found(_Key(dataset, said, (seat.enterprise, tuple(entries))), commodity)


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


@lru_cache(maxsize=64)
def _found(key: _Key, commodity: str) -> Document:
    """Return the record of the processing chains, cached and to be treated as read-only."""
    enterprise, entries = key.entries
    own = subset(overlaid(key.dataset, {enterprise: entries}), {enterprise})
    dataset, _ = checked(own)
    dataset = dataset or subset(key.dataset, {enterprise})
    return pathways_record(dataset, pathways(dataset, commodity, depth=DEPTH))
