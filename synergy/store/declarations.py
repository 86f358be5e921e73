"""Declarations of enterprises: three required fields an entry, the rest filled in by recorded assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from math import isnan

import pandas as pd
from sqlalchemy import Connection, delete, insert, select

from synergy.dataset.findings import Findings, Where
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset, subset
from synergy.errors import DatasetError, Problem, Severity
from synergy.graph.pathways import pathways, pathways_record
from synergy.records.documents import Document
from synergy.records.figures import Measures, Money, Quantity, millionths, rounded, written
from synergy.records.names import Role, Seat, Sheet
from synergy.records.plain import plain
from synergy.records.rounds import Assumed, ChangedEntry, Declaration, DeclarationStored, DeclaredEntry, Good, Preview
from synergy.scenario import Cell
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.commit import Step, Transaction, commit
from synergy.store.datasets import archive, dataset_of, measures_of
from synergy.store.messages import existing, refusal
from synergy.store.overlay import COLUMNS, MARKS, Entry, checked, filled, overlaid
from synergy.store.rounds import StepOptions, fits, round_row
from synergy.store.rows import DeclarationRow, DeclaredRow, RoundRow
from synergy.store.store import Store
from synergy.store.tables import declarations, declared, rounds
from synergy.store.turnover import LEAST_AMOUNT, MOST_AMOUNT, MOST_MONEY

_ENTRY = tuple(one.name for one in fields(Entry))
_COMPARED = ("site", "subject", "period", "amount", "price")
DEPTH = 3  # processes in a chain: further ones are other people's business
MOST_CHANGES = 20  # of one enterprise in one round: declaring again and again would feel out the others


def declare(
    store: Store, actor: Actor, seat: Seat, entries: Sequence[Entry], asked: StepOptions | None = None
) -> DeclarationStored:
    """Declare all offers, needs and facilities of an enterprise in a round, replacing its earlier declaration.

    `actor` is an editor of the enterprise, or a planner for it. No entries: the enterprise has nothing.

    Raises
    ------
    DatasetError
        Entries are wrong; all problems at once, nothing is stored.
    RefusedError
        The round takes no declarations now.
    ConflictError
        The declaration was changed since it was seen.
    """
    return _declared(store, actor, seat, (entries, "typed"), asked or StepOptions())


def repeat(store: Store, actor: Actor, seat: Seat, asked: StepOptions | None = None) -> DeclarationStored:
    """Repeat the declaration of the latest earlier round that has one, else declare the data of the dataset."""
    round_id, enterprise = seat
    require(actor, Action.DECLARE, Resource("round", frozenset({enterprise})))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        entries, origin = last_time(connection, row, enterprise)
    return _declared(store, actor, seat, (entries, origin), asked or StepOptions())


def last_time(connection: Connection, row: RoundRow, enterprise: str) -> tuple[list[Entry], str]:
    """Return the latest earlier declaration of an enterprise (``last``), else its data in the dataset (``dataset``)."""
    previous = row.previous
    while previous is not None:
        key = (declarations.c.round == previous) & (declarations.c.enterprise == enterprise)
        if connection.execute(select(declarations.c.submitted).where(key)).scalar():
            entries = stored(connection, previous, enterprise)
            # that an outlier is confirmed holds for one round
            return [
                replace(one, other={k: v for k, v in one.other.items() if k != "checked"}) for one in entries
            ], "last"
        previous = connection.execute(select(rounds.c.previous).where(rounds.c.id == previous)).scalar()
    return entries_of(dataset_of(archive(connection, row.base)), enterprise), "dataset"


def _declared(
    store: Store, actor: Actor, seat: Seat, what: tuple[Sequence[Entry], str], asked: StepOptions
) -> DeclarationStored:
    """Store entries and their origin as the declaration of an enterprise."""
    (round_id, enterprise), (entries, origin) = seat, what
    require(actor, Action.DECLARE, Resource("round", frozenset({enterprise})))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        seen = declaration_row(connection, round_id, enterprise)
        base = dataset_of(archive(connection, row.base))
        units = measures_of(connection, row.base)
    entries, assumed = filled(base, enterprise, entries)
    _refuse_faults(base, enterprise, entries)
    told = DeclarationStored(
        round=round_id,
        enterprise=enterprise,
        version=seen.version,
        origin=origin,
        entries=[entry_record(entry, one, units) for entry, one in zip(entries, assumed, strict=True)],
    )
    rows = [
        {**seat._asdict(), **_fields(entry), "assumed": [each.document() for each in one]}
        for entry, one in zip(entries, assumed, strict=True)
    ]
    version = seen.version if asked.version is None else asked.version

    def body(change: Transaction) -> DeclarationStored:
        connection = change.connection
        now = round_row(connection, round_id)
        fits(now.state, "declare")
        if actor.role is not Role.PLANNER and now.deadline is not None and change.at > now.deadline:
            raise refusal("late", deadline=now.deadline.isoformat(timespec="minutes"))
        if actor.role is not Role.PLANNER and seen.version > MOST_CHANGES:
            raise refusal("too_often", count=MOST_CHANGES)
        key = {"round": round_id, "enterprise": enterprise}
        change.bump(declarations, key, version, "declaration", submitted=True, origin=origin, at=change.at)
        connection.execute(delete(declared).where(declared.c.round == round_id, declared.c.enterprise == enterprise))
        if rows:
            connection.execute(insert(declared), rows)
        detail = {"version": version + 1, "origin": origin, "entries": len(rows)}
        change.event("declare", f"declaration:{round_id}:{enterprise}", detail, round_id)
        return told.model_copy(update={"version": version + 1})

    given = told.document() | {"version": asked.version}
    return commit(store, actor, Step("declare", given, asked.key), DeclarationStored, body)


def declaration_row(connection: Connection, round_id: int, enterprise: str) -> DeclarationRow:
    """Return the row of a declaration; `NotFoundError` where the enterprise takes no part in the round."""
    key = (declarations.c.round == round_id) & (declarations.c.enterprise == enterprise)
    return existing(connection.execute(select(declarations).where(key)).one_or_none(), "enterprise")


def _refuse_faults(base: Dataset, enterprise: str, entries: Sequence[Entry]) -> None:
    for entry in entries:
        for name, number in (("amount", entry.amount), ("price", entry.price)):
            try:
                millionths(Decimal(0) if number is None else number)
            except ValueError as error:
                raise refusal("bad_value", what=name, value=number, expected=str(error)) from error
    problems = problems_of(base, enterprise, entries)
    if any(one.severity is Severity.ERROR for one in problems):
        raise DatasetError([one for one in problems if one.severity is Severity.ERROR])


def problems_of(base: Dataset, enterprise: str, entries: Sequence[Entry]) -> tuple[Problem, ...]:
    """Return the problems of an enterprise's completed entries, by table and number of the entry there, from 1.

    Errors of other rows of the dataset are without values.
    """
    own = {enterprise: entries}
    return (*_beyond(entries), *checked(overlaid(base, own), own)[1])


def _beyond(entries: Sequence[Entry]) -> tuple[Problem, ...]:
    """Return the problems of entries whose amount or money lies outside the range that can be stored."""
    findings, count = Findings(), dict.fromkeys(Sheet, 0)
    for entry in entries:
        count[entry.sheet] += 1
        amount, price = (Where(str(entry.sheet), count[entry.sheet], name) for name in COLUMNS[entry.sheet][2:])
        money = entry.amount * (entry.price or 0)
        if entry.amount > MOST_AMOUNT:
            findings.add("form_beyond", amount, f"{entry.amount:f}", most=f"{MOST_AMOUNT:,}")
        elif 0 < entry.amount < LEAST_AMOUNT:
            findings.add("form_small", amount, f"{entry.amount:f}", least=LEAST_AMOUNT)
        elif abs(money) > MOST_MONEY:
            findings.add("form_money", price, f"{entry.price:f}", money=f"{money:,.0f}", most=f"{MOST_MONEY:,}")
    return findings.problems()


def _fields(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in _ENTRY}


def entry_record(entry: Entry, assumed: Sequence[Assumed], units: Measures) -> DeclaredEntry:
    """Return an entry as a record, with unit and currency; figures that cannot be stored are kept as they are."""
    amount = Quantity(value=entry.amount, unit=units.unit(entry.subject))
    price = None if entry.price is None else Money(amount=entry.price, currency=units.currency)
    return DeclaredEntry.model_validate(_fields(entry) | {"amount": amount, "price": price, "assumed": assumed})


def _stored_rows(connection: Connection, seat: Seat) -> Sequence[DeclaredRow]:
    own = (declared.c.round == seat.round) & (declared.c.enterprise == seat.enterprise)
    return connection.execute(select(declared).where(own).order_by(declared.c.sheet, declared.c.ident)).all()


def stored(connection: Connection, round_id: int, enterprise: str) -> list[Entry]:
    """Return the declared entries of an enterprise in a round, by table and name."""
    rows = _stored_rows(connection, Seat(round_id, enterprise))
    return [
        Entry(
            sheet=Sheet(row.sheet),
            site=row.site,
            subject=row.subject,
            amount=row.amount,
            price=row.price,
            ident=row.ident,
            period=row.period,
            other=row.other,
        )
        for row in rows
    ]


def declaration(store: Store, actor: Actor, seat: Seat) -> Declaration:
    """Return the declaration of an enterprise in a round: its status and entries."""
    round_id, enterprise = seat
    require(actor, Action.SEE_DECLARATION, Resource("declaration", frozenset({enterprise})))
    with store.database.read() as connection:
        units = measures_of(connection, round_row(connection, round_id).base)
        head = declaration_row(connection, round_id, enterprise)
        rows = _stored_rows(connection, seat)
    entries = [
        DeclaredEntry.of(row, amount=units.amount(row.subject, row.amount), price=units.money_if(row.price))
        for row in rows
    ]
    return Declaration.of(head, entries=entries)


def entries_of(base: Dataset, enterprise: str) -> list[Entry]:
    """Return the data of an enterprise in a dataset, without a scenario, as declaration entries.

    Amounts and prices are to the nearest millionth; qualities and limits stay as the dataset has them.
    """
    sites = base["sites"]
    own = set(sites.loc[sites["enterprise"] == enterprise, "site"])
    found = []
    for sheet, (name, subject, amount, price) in COLUMNS.items():
        frame, columns = base[sheet], TABLES[sheet].columns
        blank = {one.name: "" if one.textual or one.default is None else one.default for one in columns}
        for row in frame[frame["site"].isin(own)].to_dict("records"):
            used = {name, "site", subject, amount, price, "period"}
            other = {str(key): _cell(value) for key, value in row.items() if key not in used}
            cost = row[price]
            found.append(
                Entry(
                    sheet=sheet,
                    site=row["site"],
                    subject=row[subject],
                    amount=rounded(row[amount]),
                    price=None if pd.isna(cost) else rounded(cost),
                    ident=row[name],
                    period=row.get("period", ""),
                    other={key: cell for key, cell in other.items() if cell != blank.get(key, "")} | {"kept": True},
                )
            )
    return [replace(entry, other=plain(entry.other)) for entry in found]


def _cell(value: object) -> Cell:
    cell: Cell = "" if isinstance(value, float) and isnan(value) else plain(value)
    return cell


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
    """Return the basis of a declaration; `NotFoundError`: no such round, or the enterprise takes no part in it."""
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
    old = {(entry.sheet, entry.ident): entry for entry in known.entries}
    new = {(entry.sheet, entry.ident): entry for entry in whole}
    told = {(one.sheet, one.ident): entry_record(one, each, units) for one, each in zip(whole, assumed, strict=True)}
    changed = [
        ChangedEntry(sheet=key[0], ident=key[1], site=new[key].site, fields=fields)
        for key in sorted(new.keys() & old.keys())
        if (fields := _differences(old[key], new[key]))
    ]
    changes = Preview(
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
    return changes, problems


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
    enterprise and of public places; nothing of any other one. `NotFoundError`: no such round, enterprise or commodity.
    """
    dataset, entries = _own(store, actor, seat)
    if commodity not in set(dataset["commodities"]["commodity"]):
        raise refusal("not_found", what="commodity")
    said = (dataset.digest, seat.enterprise, *map(repr, entries))
    return _found(_Key(said, dataset, seat.enterprise, tuple(entries)), commodity)


def _own(store: Store, actor: Actor, seat: Seat) -> tuple[Dataset, list[Entry]]:
    """Return the base dataset of a round, and the entries of an enterprise: declared, else from the dataset."""
    round_id, enterprise = seat
    require(actor, Action.SEE_DECLARATION, Resource("declaration", frozenset({enterprise})))
    with store.database.read() as connection:
        dataset = dataset_of(archive(connection, round_row(connection, round_id).base))
        if enterprise not in set(dataset["enterprises"]["enterprise"]):
            raise refusal("not_found", what="enterprise")
        return dataset, stored(connection, round_id, enterprise) or entries_of(dataset, enterprise)


@dataclass(frozen=True, slots=True)
class _Key:
    """Dataset and entries of an enterprise as a cache key, compared by what they say."""

    said: tuple[str, ...]
    dataset: Dataset = field(compare=False)
    enterprise: str = field(compare=False)
    entries: tuple[Entry, ...] = field(compare=False)


@lru_cache(maxsize=64)
def _found(key: _Key, commodity: str) -> Document:
    """Return the record of the processing chains, cached and to be treated as read-only."""
    inside = {key.enterprise}
    found, _ = checked(subset(overlaid(key.dataset, {key.enterprise: key.entries}), inside))
    dataset = found or subset(key.dataset, inside)
    return pathways_record(dataset, pathways(dataset, commodity, depth=DEPTH))
