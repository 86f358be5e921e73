"""Declarations of enterprises: three required fields an entry, the rest filled in by recorded assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from decimal import Decimal
from math import isnan

import pandas as pd
from sqlalchemy import Connection, delete, insert, select

from synergy.dataset.findings import Findings, Where
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.errors import DatasetError, Problem, Severity
from synergy.records.declarations import Assumed, Declaration, DeclarationStored, DeclaredEntry
from synergy.records.figures import Measures, Money, Quantity, millionths, rounded
from synergy.records.names import Role, Seat, Sheet
from synergy.records.plain import plain
from synergy.scenario import Cell
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import archive, dataset_of, measures_of
from synergy.store.commit import Step, Transaction, commit
from synergy.store.messages import refusal
from synergy.store.overlay import COLUMNS, Entry, checked, filled, overlaid
from synergy.store.rounds import StepOptions, fits, round_row
from synergy.store.rows import DeclarationRow, DeclaredRow, RoundRow
from synergy.store.store import Store
from synergy.store.tables import declarations, declared, rounds
from synergy.store.turnover import LEAST_AMOUNT, MOST_AMOUNT, MOST_MONEY

_ENTRY = tuple(one.name for one in fields(Entry))
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
    round_id, enterprise = seat
    require(actor, Action.DECLARE, Resource("round", frozenset({enterprise})))
    rows, seen, told = _prepared(store, seat, what)
    version = seen.version if asked.version is None else asked.version

    def body(change: Transaction) -> DeclarationStored:
        connection = change.connection
        _in_time(change, round_row(connection, round_id), seen)
        key = {"round": round_id, "enterprise": enterprise}
        change.bump(declarations, key, version, "declaration", submitted=True, origin=told.origin, at=change.at)
        connection.execute(delete(declared).where(declared.c.round == round_id, declared.c.enterprise == enterprise))
        if rows:
            connection.execute(insert(declared), rows)
        detail = {"version": version + 1, "origin": told.origin, "entries": len(rows)}
        change.event("declare", f"declaration:{round_id}:{enterprise}", detail, round_id)
        return told.model_copy(update={"version": version + 1})

    given = told.document() | {"version": asked.version}
    return commit(store, actor, Step("declare", given, asked.key), DeclarationStored, body)


def _prepared(
    store: Store, seat: Seat, what: tuple[Sequence[Entry], str]
) -> tuple[list[dict[str, object]], DeclarationRow, DeclarationStored]:
    """Return the rows to store, the current declaration and the response; raise on invalid entries."""
    round_id, enterprise = seat
    entries, origin = what
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        seen = declaration_row(connection, round_id, enterprise)
        base = dataset_of(archive(connection, row.base))
        units = measures_of(connection, row.base)
    entries, assumed = filled(base, enterprise, entries)
    _refuse_faults(base, enterprise, entries)
    said = list(zip(entries, assumed, strict=True))
    told = DeclarationStored(
        round=round_id,
        enterprise=enterprise,
        version=seen.version,
        origin=origin,
        entries=[entry_record(entry, one, units) for entry, one in said],
    )
    return [_row(seat, entry, one) for entry, one in said], seen, told


def _in_time(change: Transaction, row: RoundRow, seen: DeclarationRow) -> None:
    fits(row.state, "declare")
    if change.actor.role is Role.PLANNER:
        return
    if row.deadline is not None and change.at > row.deadline:
        raise refusal("late", deadline=row.deadline.isoformat(timespec="minutes"))
    if seen.version > MOST_CHANGES:
        raise refusal("too_often", count=MOST_CHANGES)


def declaration_row(connection: Connection, round_id: int, enterprise: str) -> DeclarationRow:
    """Return the row of a declaration.

    Raises
    ------
    NotFoundError
        The enterprise takes no part in the round.
    """
    key = (declarations.c.round == round_id) & (declarations.c.enterprise == enterprise)
    found = connection.execute(select(declarations).where(key)).one_or_none()
    if found is None:
        raise refusal("not_found", what="enterprise")
    return found


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
    beyond = _beyond(entries)
    own = {enterprise: entries}
    return (*beyond, *checked(overlaid(base, own), own)[1])


def _beyond(entries: Sequence[Entry]) -> tuple[Problem, ...]:
    """Return the problems of entries whose amount or money lies outside the range that can be stored."""
    findings, count = Findings(), dict.fromkeys(Sheet, 0)
    for entry in entries:
        count[entry.sheet] += 1
        _, _, amount, price = COLUMNS[entry.sheet]
        money = entry.amount * (entry.price or 0)
        if entry.amount > MOST_AMOUNT:
            where = Where(str(entry.sheet), count[entry.sheet], amount)
            findings.add("form_beyond", where, f"{entry.amount:f}", most=f"{MOST_AMOUNT:,}")
        elif 0 < entry.amount < LEAST_AMOUNT:
            where = Where(str(entry.sheet), count[entry.sheet], amount)
            findings.add("form_small", where, f"{entry.amount:f}", least=LEAST_AMOUNT)
        elif abs(money) > MOST_MONEY:
            where = Where(str(entry.sheet), count[entry.sheet], price)
            findings.add("form_money", where, f"{entry.price:f}", money=f"{money:,.0f}", most=f"{MOST_MONEY:,}")
    return findings.problems()


def _row(seat: Seat, entry: Entry, assumed: Sequence[Assumed]) -> dict[str, object]:
    """Return an entry as a row of the store."""
    row = {name: getattr(entry, name) for name in _ENTRY}
    return {**seat._asdict(), **row, "assumed": [one.document() for one in assumed]}


def entry_record(entry: Entry, assumed: Sequence[Assumed], units: Measures) -> DeclaredEntry:
    """Return an entry as a record, with unit and currency; figures that cannot be stored are kept as they are."""
    row = {name: getattr(entry, name) for name in _ENTRY}
    amount = Quantity(value=entry.amount, unit=units.unit(entry.subject))
    price = None if entry.price is None else Money(amount=entry.price, currency=units.currency)
    return DeclaredEntry.model_validate(row | {"amount": amount, "price": price, "assumed": assumed})


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
        frame = base[sheet]
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
                    other={key: cell for key, cell in other.items() if cell != _blank(sheet, key)} | {"kept": True},
                )
            )
    return [replace(entry, other=plain(entry.other)) for entry in found]


def _cell(value: object) -> Cell:
    cell: Cell = "" if isinstance(value, float) and isnan(value) else plain(value)
    return cell


def _blank(sheet: Sheet, column: str) -> Cell:
    known = TABLES[sheet].column(column)
    return "" if known is None or known.textual or known.default is None else known.default
