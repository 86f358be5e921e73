"""Declarations: see, replace, as last time, try without storing, what has become of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from synergy.errors import DatasetError, Problem
from synergy.store import declaring, following, looking, previewing
from synergy.store.access import Action
from synergy.store.entries import entries_from_records
from synergy.store.overlay import Entry
from web.api.figures import Measures, amount_in, price_in
from web.api.models.declarations import (
    Balances,
    Declaration,
    DeclarationGiven,
    DeclarationHeads,
    Declared,
    EntryGiven,
    More,
)
from web.api.paging import Page, paged
from web.api.problems import pointer
from web.api.spec import PREFIX, Call, Mark, Record, Reply, Spec, serves

_ONE = "/rounds/{round}/declarations/{enterprise}"
_EDIT = frozenset({Mark.VERSION, Mark.KEY})


@serves(
    Spec(
        "GET",
        "/rounds/{round}/declarations",
        Action.SEE_DECLARATION,
        ("See who has declared", "查看申报情况"),
        DeclarationHeads,
        query=Page,
        marks=frozenset({Mark.PAGED}),
    )
)
def list_declarations(call: Call) -> Reply:
    """Return who takes part and who has declared, without what; an enterprise sees its own line."""
    rows = looking.list_declarations(call.store, call.actor, call.path["round"])
    return paged(rows, "enterprise", call.query, f"{PREFIX}/rounds/{call.path['round']}/declarations")


@serves(Spec("GET", _ONE, Action.SEE_DECLARATION, ("See a declaration", "查看申报"), Declaration))
def see_declaration(call: Call) -> Reply:
    """Return what an enterprise has declared in a round, with what was assumed."""
    told = declaring.declaration(call.store, call.actor, _place(call))
    return Reply(_measured(call, told), told["version"])


@serves(
    Spec(
        "PUT",
        _ONE,
        Action.DECLARE,
        ("Replace a declaration", "替换申报"),
        Declared,
        body=DeclarationGiven,
        marks=_EDIT,
        problems=("dataset", "step", "conflict"),
    )
)
def declare(call: Call) -> Reply:
    """Declare all that an enterprise offers, needs and runs: all of it is stored or nothing."""
    entries = _entries(call)
    try:
        told = declaring.declare(call.store, call.actor, _place(call), entries, call.asked)
    except DatasetError as error:
        raise DatasetError(_located(entries, error.problems)) from error
    return Reply(_measured(call, told), told["version"])


@serves(
    Spec(
        "POST",
        f"{_ONE}/check",
        Action.DECLARE,
        ("Try a declaration without storing it", "试填申报（不保存）"),
        Declared,
        body=DeclarationGiven,
        problems=("dataset",),
    )
)
def check_declaration(call: Call) -> Reply:
    """Return what would be stored, with what would be assumed; every fault at once where something is wrong."""
    entries = _entries(call)
    told, problems = previewing.preview(call.store, call.actor, _place(call), entries)
    if problems:
        raise DatasetError(_located(entries, problems))
    names = ("round", "enterprise", "version", "entries")
    return Reply(_measured(call, {**{name: told[name] for name in names}, "origin": "typed"}))


@serves(
    Spec(
        "POST",
        f"{_ONE}/repeat",
        Action.DECLARE,
        ("Declare as last time", "沿用上次申报"),
        Declared,
        marks=_EDIT,
        problems=("dataset", "step", "conflict"),
    )
)
def repeat_declaration(call: Call) -> Reply:
    """Declare what the enterprise declared in the round before, else what the dataset says of it."""
    told = declaring.repeat(call.store, call.actor, _place(call), call.asked)
    return Reply(_measured(call, told), told["version"])


@serves(
    Spec(
        "GET",
        f"{_ONE}/balance",
        Action.SEE_DECLARATION,
        ("See what has become of a declaration", "查看申报的落实情况"),
        Balances,
        query=Page,
        marks=frozenset({Mark.PAGED}),
    )
)
def see_balance(call: Call) -> Reply:
    """Return what is free, committed and ended of each offer and need."""
    number, enterprise = _place(call)
    rows = following.balance(call.store, call.actor, (number, enterprise))
    measures = Measures(call, number)
    names = ("declared", "free", "committed", "ended")
    told = [row | {name: measures.of_good(row["commodity"], row[name]) for name in names} for row in rows]
    return paged(told, "ident", call.query, f"{PREFIX}/rounds/{number}/declarations/{enterprise}/balance")


def _place(call: Call) -> tuple[int, str]:
    return call.path["round"], call.path["enterprise"]


def _entries(call: Call) -> list[Entry]:
    """Return the entries of a body, amounts in the units that the round counts in."""
    given: DeclarationGiven = call.body
    measures = Measures(call, call.path["round"])
    return entries_from_records([_record(measures, place, one) for place, one in enumerate(given.entries)])


def _record(measures: Measures, place: int, one: EntryGiven) -> Record:
    where = ("entries", place)
    # what is unknown has no unit: the store says that it is unknown
    unit = measures.unit(one.subject) if measures.knows(one.subject) else getattr(one.amount, "unit", "")
    told = {
        "sheet": str(one.sheet),
        "site": one.site,
        "subject": one.subject,
        "amount": amount_in(one.amount, unit, pointer(*where, "amount")),
        "price": price_in(one.price, measures.currency, pointer(*where, "price")),
        "ident": one.ident,
        "period": one.period,
        "other": _other(one.other),
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def _other(more: More) -> Record:
    other: Record = dict(more.columns)
    if more.qualities:
        other["qualities"] = dict(more.qualities)
    if more.limits:
        other["limits"] = {name: one.model_dump(exclude_none=True) for name, one in more.limits.items()}
    return other


def _located(entries: Sequence[Entry], problems: Sequence[Problem]) -> list[Problem]:
    """Return problems with their place in the body: the store counts the rows of each table by itself."""
    rows: dict[tuple[str, int], int] = {}
    seen: dict[str, int] = {}
    for place, entry in enumerate(entries):
        seen[entry.sheet] = seen.get(entry.sheet, 0) + 1
        rows[str(entry.sheet), seen[entry.sheet]] = place
    return [
        replace(one, table="entries", row=rows[one.table, one.row])
        if one.row is not None and (one.table, one.row) in rows
        else one
        for one in problems
    ]


def _measured(call: Call, told: Record) -> Record:
    """Return a declaration with units."""
    measures = Measures(call, call.path["round"])
    return {**told, "entries": [_entry(measures, one) for one in told["entries"]]}


def _entry(measures: Measures, one: Record) -> Record:
    other: dict[str, Any] = dict(one["other"])
    parts = {name: other.pop(name) for name in ("qualities", "limits") if name in other}
    other.pop("kept", None)
    return {
        **one,
        "amount": measures.of_good(one["subject"], one["amount"]),
        "price": measures.money(one["price"]),
        "other": {**parts, "columns": other} if other else parts,
    }
