"""Declarations of enterprises: three required fields an entry, the rest filled in by recorded assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import isnan
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, delete, insert, select

from synergy.dataset.findings import Findings, Where
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.errors import DatasetError, Problem, Severity
from synergy.records.plain import plain
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import archive, dataset_of
from synergy.store.column_types import millionths, rounded, written
from synergy.store.commit import Record, Step, Transaction, commit
from synergy.store.messages import refusal
from synergy.store.names import Role, Seat, Sheet
from synergy.store.overlay import COLUMNS, Entry, checked, filled, overlaid
from synergy.store.rounds import StepOptions, fits, round_row
from synergy.store.store import Store
from synergy.store.tables import declarations, declared, rounds
from synergy.store.turnover import LEAST_AMOUNT, MOST_AMOUNT, MOST_MONEY

MOST_CHANGES = 20  # of one enterprise in one round: declaring again and again would feel out the others


def declare(
    store: Store, actor: Actor, seat: Seat, entries: Sequence[Entry], asked: StepOptions | None = None
) -> Record:
    """Declare all offers, needs and facilities of an enterprise in a round, replacing its earlier declaration.

    Parameters
    ----------
    store : Store
    actor : Actor
        An editor of the enterprise, or a planner for it.
    seat : Seat
        Round and enterprise.
    entries : sequence of Entry
        All of them, or none for an enterprise that has nothing.
    asked : StepOptions, optional
        Version of the declaration that was seen, idempotency key.

    Returns
    -------
    dict
        ``{round, enterprise, version, origin, entries: [{sheet, ident, ..., assumed: [{column, value, source}]}]}``.

    Raises
    ------
    DatasetError
        Entries are wrong; all problems at once, nothing is stored.
    RefusedError
        Not the time for it.
    ConflictError
        The declaration was changed since it was seen.
    """
    return _declared(store, actor, seat, (entries, "typed"), asked or StepOptions())


def repeat(store: Store, actor: Actor, seat: Seat, asked: StepOptions | None = None) -> Record:
    """Repeat the declaration of the latest earlier round that has one, else declare the data of the dataset.

    Parameters
    ----------
    store, actor, seat, asked
        As for `declare`.

    Returns
    -------
    dict
        As from `declare`.
    """
    round_id, enterprise = seat
    require(actor, Action.DECLARE, Resource("round", frozenset({enterprise})))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        entries, origin = last_time(connection, row, enterprise)
    return _declared(store, actor, seat, (entries, origin), asked or StepOptions())


def last_time(connection: Connection, row: Row[Any], enterprise: str) -> tuple[list[Entry], str]:
    """Return the latest earlier declaration of an enterprise, else its data in the dataset, and the origin.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    row : sqlalchemy.Row
        The round.
    enterprise : str
        Its id.

    Returns
    -------
    list of Entry
    str
        ``last`` or ``dataset``.
    """
    previous = row.previous
    while previous is not None:
        key = (declarations.c.round == previous) & (declarations.c.enterprise == enterprise)
        if connection.execute(select(declarations.c.submitted).where(key)).scalar():
            entries = stored(connection, previous, enterprise)
            return [replace(one, other=_unchecked(one.other)) for one in entries], "last"
        previous = connection.execute(select(rounds.c.previous).where(rounds.c.id == previous)).scalar()
    return entries_of(dataset_of(archive(connection, row.base)), enterprise), "dataset"


def _unchecked(other: Mapping[str, Any]) -> Record:
    """Return other columns without the mark of a confirmed outlier, which holds for one round only."""
    return {name: value for name, value in other.items() if name != "checked"}


def _declared(store: Store, actor: Actor, seat: Seat, what: tuple[Sequence[Entry], str], asked: StepOptions) -> Record:
    round_id, enterprise = seat
    require(actor, Action.DECLARE, Resource("round", frozenset({enterprise})))
    rows, seen, given = _prepared(store, seat, what)
    origin = what[1]
    version = seen.version if asked.version is None else asked.version

    def body(change: Transaction) -> Record:
        connection = change.connection
        _in_time(change, round_row(connection, round_id), seen)
        key = {"round": round_id, "enterprise": enterprise}
        change.bump(declarations, key, version, "declaration", submitted=True, origin=origin, at=change.at)
        connection.execute(delete(declared).where(declared.c.round == round_id, declared.c.enterprise == enterprise))
        if rows:
            connection.execute(insert(declared), rows)
        detail = {"version": version + 1, "origin": origin, "entries": len(rows)}
        change.event("declare", f"declaration:{round_id}:{enterprise}", detail, round_id)
        return {**given, "version": version + 1}

    return commit(store, actor, Step("declare", given | {"version": asked.version}, asked.key), body)


def _prepared(store: Store, seat: Seat, what: tuple[Sequence[Entry], str]) -> tuple[list[Record], Row[Any], Record]:
    """Return the rows to store, the current declaration and the response; raise on invalid entries."""
    round_id, enterprise = seat
    entries, origin = what
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        seen = declaration_row(connection, round_id, enterprise)
        base = dataset_of(archive(connection, row.base))
    entries, assumed = filled(base, enterprise, entries)
    _refuse_faults(base, enterprise, entries)
    rows = [_stored(seat, entry, said) for entry, said in zip(entries, assumed, strict=True)]
    given = {"round": round_id, "enterprise": enterprise, "entries": [told(row) for row in rows], "origin": origin}
    return rows, seen, given


def _in_time(change: Transaction, row: Row[Any], seen: Row[Any]) -> None:
    fits(row, "declare")
    if change.actor.role is Role.PLANNER:
        return
    if row.deadline is not None and change.at > row.deadline:
        raise refusal("late", deadline=row.deadline.isoformat(timespec="minutes"))
    if seen.version > MOST_CHANGES:
        raise refusal("too_often", count=MOST_CHANGES)


def declaration_row(connection: Connection, round_id: int, enterprise: str) -> Row[Any]:
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
    """Return the problems of an enterprise's entries in a dataset; errors of other rows are without values.

    Parameters
    ----------
    base : Dataset
        The association's.
    enterprise : str
        Whose they are.
    entries : sequence of Entry
        Filled in.

    Returns
    -------
    tuple of Problem
        By table and number of the entry there, from 1.
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


def _stored(seat: Seat, entry: Entry, assumed: Sequence[Record]) -> Record:
    names = ("sheet", "ident", "site", "subject", "period", "amount", "price")
    row: Record = {name: getattr(entry, name) for name in names}
    row |= {"other": dict(entry.other), "assumed": list(assumed)}
    return {**seat._asdict(), **row}


def told(row: Mapping[str, Any]) -> Record:
    """Return an entry as a response record, with numbers as plain decimal text."""
    names = ("sheet", "ident", "site", "subject", "period", "amount", "price", "other", "assumed")
    figures = {name: written(row[name]) for name in ("amount", "price")}
    return {name: row[name] for name in names} | figures


def stored(connection: Connection, round_id: int, enterprise: str) -> list[Entry]:
    """Return the declared entries of an enterprise in a round.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    round_id, enterprise : int, str

    Returns
    -------
    list of Entry
        By table and name.
    """
    key = (declared.c.round == round_id) & (declared.c.enterprise == enterprise)
    rows = connection.execute(select(declared).where(key).order_by(declared.c.sheet, declared.c.ident))
    names = ("site", "subject", "period", "amount", "price", "ident", "other")
    return [Entry(sheet=Sheet(row.sheet), **{name: row._mapping[name] for name in names}) for row in rows]


def declaration(store: Store, actor: Actor, seat: Seat) -> Record:
    """Return the declaration of an enterprise in a round: its status and entries.

    Parameters
    ----------
    store, actor, seat
        As for `declare`; a reader may see it too.

    Returns
    -------
    dict
        ``{round, enterprise, version, submitted, origin, reminders, at, entries}``.
    """
    round_id, enterprise = seat
    require(actor, Action.SEE_DECLARATION, Resource("declaration", frozenset({enterprise})))
    with store.database.read() as connection:
        round_row(connection, round_id)
        head = declaration_row(connection, round_id, enterprise)
        key = (declared.c.round == round_id) & (declared.c.enterprise == enterprise)
        rows = connection.execute(select(declared).where(key).order_by(declared.c.sheet, declared.c.ident)).all()
    names = ("round", "enterprise", "version", "submitted", "origin", "reminders")
    at = None if head.at is None else head.at.isoformat()
    return {
        **{name: head._mapping[name] for name in names},
        "at": at,
        "entries": [told(dict(row._mapping)) for row in rows],
    }


def entries_of(base: Dataset, enterprise: str) -> list[Entry]:
    """Return the data of an enterprise in a dataset as declaration entries.

    Parameters
    ----------
    base : Dataset
        No scenario applied.
    enterprise : str
        Its id.

    Returns
    -------
    list of Entry
        Amounts and prices to the nearest millionth; qualities and limits stay as the dataset has them.
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


def _cell(value: Any) -> Any:
    return "" if isinstance(value, float) and isnan(value) else plain(value)


def _blank(sheet: Sheet, column: str) -> Any:
    known = TABLES[sheet].column(column)
    return "" if known is None or known.textual or known.default is None else known.default
