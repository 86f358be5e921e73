"""Declaration endpoints: read, replace, check without storing, repeat the last one, workbook and balances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field
from synergy.web.api.dispatch import paged
from synergy.web.api.models import Fault, Figure, Given, Items, MoneyGiven, Name, QuantityGiven
from synergy.web.api.problems import warnings_of
from synergy.web.api.spec import BOOK, BYTES, CSV, Call, HandlerResult, Mark, gives, serves

from synergy.dataset.findings import Where
from synergy.errors import DatasetError, Problem
from synergy.forms.context import Row, Rows
from synergy.forms.reading import FILE, ending_of
from synergy.forms.submitting import Judged, Withdrawn, declare_judged, judge_file, judge_rows
from synergy.forms.writing import declaration_workbook
from synergy.records.documents import Document
from synergy.records.figures import Measures, example
from synergy.records.names import Seat, Sheet
from synergy.records.rounds import Balance, Declaration, DeclarationHead, DeclarationStored, DeclaredEntry, Preview
from synergy.store import answers, declarations, queries
from synergy.store.access import Action
from synergy.store.declarations import ground
from synergy.store.overlay import BOUNDS, MARKS, PARTS, unused
from synergy.store.queries import measures

Cell = Annotated[str, Field(max_length=200)] | float | bool


class Bound(Given):
    """Lower and upper bound of a property."""

    min: float | None = None
    max: float | None = None


class More(Given):
    """Optional parts of an entry: qualities of an offer, limits of a need, and further columns by name."""

    qualities: dict[Name, float] = Field(default_factory=dict, max_length=40)
    limits: dict[Name, Bound] = Field(default_factory=dict, max_length=40)
    columns: dict[Name, Cell] = Field(default_factory=dict, max_length=40, description="Of the table, by name.")


class EntryGiven(Given):
    """One offer, need or facility; sheet, site, subject and amount are required."""

    sheet: Sheet
    site: Name
    subject: Name = Field(description="Commodity, or process of a facility.")
    amount: Figure | QuantityGiven = Field(
        description="A year, or in the period; a bare text is in the subject's own unit."
    )
    price: Figure | MoneyGiven | None = Field(
        None, description="Least accepted, most paid, or cost of running; per unit."
    )
    ident: str = Field("", max_length=64, description="Name of the row; blank for a new one.")
    period: str = Field("", max_length=64)
    checked: bool = Field(False, description="Figures far from the last ones, or from the market's, are meant.")
    other: More = Field(default_factory=More)


class DeclarationGiven(Given):
    """A declaration of an enterprise; earlier rows that it does not mention are kept."""

    model_config = example(
        {"entries": [{"sheet": "needs", "site": "GLASS-1", "subject": "COG", "amount": "60000", "price": "950"}]}
    )
    entries: list[EntryGiven] = Field(max_length=2000)
    withdraw: list[Name] = Field(default_factory=list, max_length=2000, description="Names of rows that are withdrawn.")
    only: bool = Field(False, description="All that is not among the entries is withdrawn.")


class DeclarationHeads(Items[DeclarationHead]):
    """One page of the members of a round, by name."""


class Declared(DeclarationStored):
    """The stored or checked declaration, with warnings about unusual values."""

    model_config = example(
        {"round": 1, "enterprise": "GLASS", "version": 2, "origin": "typed", "entries": [], "warnings": []}
    )
    warnings: list[Fault]


class Balances(Items[Balance]):
    """One page of balances."""


_ONE = "/rounds/{round}/declarations/{enterprise}"
_BOOK = f"{_ONE}/workbook"
_FILES = (BOOK, CSV, BYTES)
_PART_OF = {"unit": "amount", "price_unit": "price"}  # of an entry of a body, where a form has a column of its own
# names that no other column can have, with what says the same; a program cannot say that a row is kept
_RESERVED = {"qualities": "other.qualities", "limits": "other.limits", "checked": "checked", "kept": ""}


@serves("GET /rounds/{round}/declarations", Action.SEE_DECLARATION, ("See who has declared", "查看申报情况"))
@gives(DeclarationHeads, Mark.PAGED)
def list_declarations(call: Call) -> HandlerResult:
    """Return the members of a round and whether each has declared; an enterprise sees only itself."""
    rows = queries.list_declarations(*call.caller, call.path["round"])
    return paged(rows, "enterprise", call.query)


@serves(f"GET {_ONE}", Action.SEE_DECLARATION, ("See a declaration", "查看申报"))
@gives(Declaration)
def see_declaration(call: Call) -> HandlerResult:
    """Return the declaration of an enterprise in a round, with the values assumed for it."""
    told = declarations.declaration(*call.caller, _seat(call))
    return HandlerResult(told.model_copy(update={"entries": _entries(told.entries)}), told.version)


@serves(f"PUT {_ONE}", Action.DECLARE, ("Declare; what is not mentioned stays", "申报；未提及的保持不变"))
@gives(Declared, Mark.VERSION, Mark.KEY, body=DeclarationGiven, problems=("dataset", "step", "late", "conflict"))
def declare(call: Call) -> HandlerResult:
    """Store the offers, needs and facilities of an enterprise, completely or not at all.

    An entry without `ident` refers to the row of the same subject at the same site. Rows that are not mentioned are
    kept, except those listed in `withdraw`, or all of them if `only` is true.
    """
    return _declared(call, _judged(call))


@serves(f"POST {_ONE}/check", Action.DECLARE, ("Try a declaration without storing it", "试填申报（不保存）"))
@gives(Declared, body=DeclarationGiven, problems=("dataset",))
def check_declaration(call: Call) -> HandlerResult:
    """Validate a declaration without storing it; return the resulting rows, or all errors at once."""
    return _tried(call, _judged(call))


@serves(f"GET {_BOOK}", Action.SEE_DECLARATION, ("Take the workbook of a declaration", "下载申报工作簿"))
@gives(None, media=BOOK)
def see_declaration_workbook(call: Call) -> HandlerResult:
    """Return the declaration form of an enterprise as a workbook with its last figures, units and drop-downs."""
    known = ground(*call.caller, _seat(call))
    return HandlerResult(declaration_workbook(known, call.lang), known.version)


@serves(f"PUT {_BOOK}", Action.DECLARE, ("Declare by a workbook or CSV", "以工作簿或 CSV 申报"), takes=_FILES)
@gives(Declared, Mark.VERSION, Mark.KEY, Mark.RAW, problems=("dataset", "step", "late", "conflict", "too_large"))
def declare_by_workbook(call: Call) -> HandlerResult:
    """Store the declaration in a filled workbook or CSV file, completely or not at all.

    CSV has a column `sheet` (offers, needs or facilities) in addition to those of the form. Errors are located by
    table, row and column.
    """
    return _declared(call, _of_file(call))


@serves(
    f"POST {_BOOK}/check",
    Action.DECLARE,
    ("Try a workbook or CSV without storing it", "试填申报工作簿或 CSV（不保存）"),
    takes=_FILES,
)
@gives(Declared, Mark.RAW, problems=("dataset", "too_large"))
def check_declaration_workbook(call: Call) -> HandlerResult:
    """Validate a filled workbook or CSV file without storing it; return the rows, or all errors at once."""
    return _tried(call, _of_file(call))


@serves(f"POST {_ONE}/repeat", Action.DECLARE, ("Declare as last time", "沿用上次申报"))
@gives(Declared, Mark.VERSION, Mark.KEY, problems=("dataset", "step", "late", "conflict"))
def repeat_declaration(call: Call) -> HandlerResult:
    """Repeat the declaration of the previous round, or of the dataset if there is none."""
    told = declarations.repeat(*call.caller, _seat(call), call.asked)
    return HandlerResult(_answer(told, told.origin, []), told.version)


@serves(f"GET {_ONE}/balance", Action.SEE_DECLARATION, ("See what has become of a declaration", "查看申报的落实情况"))
@gives(Balances, Mark.PAGED)
def see_balance(call: Call) -> HandlerResult:
    """Return the free, committed and ended quantity of each offer and need."""
    seat = _seat(call)
    rows = answers.balance(*call.caller, seat)
    return paged(rows, "ident", call.query)


def _seat(call: Call) -> Seat:
    return Seat(call.path["round"], call.path["enterprise"])


def _declared(call: Call, judged: Judged) -> HandlerResult:
    """Store a validated declaration and return the reply."""
    told = declare_judged(*call.caller, _seat(call), judged, call.asked)
    return HandlerResult(_answer(told, told.origin, warnings_of(judged.problems, call.lang)), told.version)


def _tried(call: Call, judged: Judged) -> HandlerResult:
    """Return the reply of a check, without storing the declaration."""
    if judged.refused or judged.changes is None:
        raise DatasetError(judged.problems)
    return HandlerResult(_answer(judged.changes, "typed", warnings_of(judged.problems, call.lang)))


def _answer(told: DeclarationStored | Preview, origin: str, warnings: list[Fault]) -> Declared:
    """Return a stored or checked declaration with its warnings."""
    return Declared(
        round=told.round,
        enterprise=told.enterprise,
        version=told.version,
        origin=origin,
        entries=_entries(told.entries),
        warnings=warnings,
    )


def _of_file(call: Call) -> Judged:
    """Validate an uploaded file, with the same rules as the declaration page."""
    upload = (call.raw, f"{FILE}{ending_of(call.raw)}")
    return judge_file(*call.caller, _seat(call), upload)


def _judged(call: Call) -> Judged:
    """Validate a declaration body with the rules of the form; problems point into the body."""
    given: DeclarationGiven = call.body
    units = measures(*call.caller, call.path["round"])
    rows = Rows(
        [_row(units, number, one) for number, one in enumerate(given.entries, start=1)], units=False, pointers=True
    )
    withdrawn = Withdrawn(tuple(given.withdraw), given.only)
    judged = judge_rows(*call.caller, _seat(call), rows, withdrawn)
    spare = [
        unused(Where("entries", number, "other"), name, _RESERVED[name])
        for number, one in enumerate(given.entries)
        for name in one.other.columns
        if name in _RESERVED
    ]
    return replace(judged, problems=(*(_located(one) for one in judged.problems), *spare))


def _row(units: Measures, number: int, one: EntryGiven) -> Row:
    """Convert an entry to a form row; the unit is left out if it is the one of the round."""
    cells = {"site": one.site, "subject": one.subject, "ident": one.ident, "period": one.period}
    if isinstance(one.amount, QuantityGiven):
        known = one.amount.unit == units.unit(one.subject)
        cells |= {"amount": one.amount.value, "unit": "" if known else one.amount.unit}
    else:
        cells["amount"] = one.amount
    if isinstance(one.price, MoneyGiven):
        cells |= {"price": one.price.amount, "price_unit": one.price.currency}
    elif one.price is not None:
        cells["price"] = one.price
    cells["checked"] = "yes" if one.checked else ""
    return Row(one.sheet, number, {key: text for key, text in cells.items() if text}, _other(one.other))


def _other(more: More) -> Document:
    other: Document = {name: value for name, value in more.columns.items() if name not in _RESERVED}
    if more.qualities:
        other["qualities"] = dict(more.qualities)
    if more.limits:
        limits = {name: one.model_dump(exclude_none=True) for name, one in more.limits.items()}
        other["limits"] = {name: {BOUNDS[key]: x for key, x in one.items()} for name, one in limits.items()}
    return other


def _located(problem: Problem) -> Problem:
    """Return a problem with its location in the request body."""
    if problem.row is None or problem.table not in set(Sheet):
        return problem
    return replace(problem, table="entries", row=problem.row - 1, column=_PART_OF.get(problem.column, problem.column))


def _entries(entries: Sequence[DeclaredEntry]) -> list[DeclaredEntry]:
    """Return entries with their further columns in the parts that a body has for them."""
    return [one.model_copy(update={"other": _parts(one.other)}) for one in entries]


def _parts(stored: Document) -> Document:
    other = dict(stored)
    parts = {name: other.pop(name) for name in PARTS if name in other}
    if "limits" in parts:  # under the names that a body has for them
        names = {column: name for name, column in BOUNDS.items()}
        limits = parts["limits"].items()
        parts["limits"] = {name: {names.get(key, key): x for key, x in limit.items()} for name, limit in limits}
    other = {name: value for name, value in other.items() if name not in MARKS and value is not None}
    return {**parts, "columns": other} if other else parts
