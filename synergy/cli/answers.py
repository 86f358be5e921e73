"""Output of store results: a JSON document, a table, or one line per field; commands that only print a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click
from rich import box
from rich.table import Table

from synergy.cli.console import Talk
from synergy.cli.options import Command, OutputOptions, StoreOptions, at_store, changes, opened
from synergy.cli.words import WORDS
from synergy.texts import CURRENCIES
from synergy.texts import WORDS as SHARED
from synergy.units import label

Row = Mapping[str, object]

if TYPE_CHECKING:
    from synergy.records.figures import Money, Quantity, Record
    from synergy.store.access import Caller

    Shown = Record | Row | Sequence[Record | Row]

# columns by what their cells hold
_WORDS = frozenset({"state", "answer", "standing", "stage", "role", "what", "kind", "cause", "how", "phase", "origin"})
_SHARED = frozenset({"status", "kind"})
_MOMENTS = frozenset({"deadline", "answer_by"})  # texts in the details of events
# by column, how a number is written: money and tons in whole units
_NUMBERS = dict.fromkeys(("value", "gain", "bound", "best", "gain_own", "paid", "capex", "co2_saved"), ",.0f") | {
    "seconds": ",.1f",
    "payback_years": ".1f",
}
NONE = "–"


def shows(*columns: str) -> Callable[[Callable[..., Shown]], Command]:
    """Return a decorator that makes a command of a function of a `Caller`: it prints the columns of what that returns.

    The command has the options of `at_store`; its own ones, declared above, are arguments of the function.
    """
    return lambda ask: at_store(_printing(ask, columns))


def steps(do: Callable[..., Shown]) -> Command:
    """Make a command of a function of a `Caller` and `StepOptions`, as `shows` does, with the options of `changes`."""

    def ask(caller: Caller, /, seen: int | None, key: str | None, note: str, **own: object) -> Shown:
        from synergy.store.rounds import StepOptions

        return do(caller, StepOptions(seen, key, note), **own)

    return changes(_printing(ask))


def _printing(ask: Callable[..., Shown], columns: Sequence[str] = ()) -> Command:
    @click.pass_obj
    def command(talk: Talk, /, address: str, who: str | None, as_json: bool, **own: object) -> None:
        given: StoreOptions = {"address": address, "who": who, "as_json": as_json}
        with opened(talk, given) as caller:
            answer(talk, given, ask(caller, **own), columns)

    return command


def answer(talk: Talk, given: OutputOptions, record: Shown, columns: Sequence[str] = ()) -> None:
    """Print a record as one line per field, several records as a table, or either as JSON.

    Parameters
    ----------
    columns : sequence of str
        Fields to print, in order; all if empty.
    """
    from synergy.records.figures import Record

    if isinstance(record, Record | Mapping):
        if given["as_json"]:
            talk.document(_plain(record))
        else:
            fields: Row = dict(record)
            for name in columns or fields:
                talk.line(talk.say("store.field", name=head(talk, name), value=cell(talk, name, fields[name])))
    elif given["as_json"]:
        talk.document([_plain(one) for one in record])
    else:
        _table(talk, [dict(one) for one in record], columns)


def _plain(record: Record | Row) -> Row:
    return record if isinstance(record, Mapping) else record.document()


def _table(talk: Talk, rows: Sequence[Row], columns: Sequence[str]) -> None:
    if not rows:
        talk.line(talk.say("store.none"))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    names = columns or list(rows[0])
    for name in names:
        table.add_column(head(talk, name), overflow="fold")
    for row in rows:
        table.add_row(*(cell(talk, name, row.get(name), row) for name in names))
    talk.out.print(table)


def head(talk: Talk, name: str) -> str:
    """Return the localized name of a field."""
    return talk.say(f"head.{name}") if f"head.{name}" in WORDS else name


def cell(talk: Talk, name: str, value: object, row: Row | None = None) -> str:
    """Format the value of a field of a row; `name` is "" for a nested value.

    Enumerated values are translated, times are converted to the local time zone, and amounts are written with their
    unit: rounded in the columns of `_NUMBERS`, else exact. A price is for the unit of the amount in its row.
    """
    from synergy.records.figures import Money, Quantity, Record

    if value is None or value in ("", [], {}):
        shown = NONE
    elif isinstance(value, Money | Quantity):
        shown = _amount(talk, name, value, row or {})
    elif isinstance(value, bool):
        shown = talk.say("yes" if value else "no")
    elif isinstance(value, datetime):
        shown = value.astimezone().isoformat(" ", "minutes")
    elif isinstance(value, list):
        shown = talk.say("comma").join(cell(talk, name, one, row) for one in value)
    elif isinstance(value, Record | Mapping):
        shown = _pairs(talk, dict(value))
    elif name == "gap":
        shown = f"{100 * float(str(value)):.2g} %"
    elif name in _NUMBERS:
        shown = format(float(str(value)), _NUMBERS[name])
    else:
        shown = _text(talk, name, str(value))
    return shown


def _amount(talk: Talk, name: str, value: Money | Quantity, row: Row) -> str:
    """Return an amount with its unit, a price with its currency and the unit of the amount in its row."""
    from synergy.records.figures import Quantity, written

    if isinstance(value, Quantity):
        return f"{cell(talk, name, written(value.value))} {unit_label(value.unit, talk.lang)}".rstrip()
    currency = CURRENCIES[talk.lang].get(value.currency, value.currency)
    shown = f"{cell(talk, name, written(value.amount))} {currency}"
    of = next((one for one in (row.get("quantity"), row.get("amount")) if isinstance(one, Quantity)), None)
    per = unit_label(of.unit, talk.lang) if name == "price" and of is not None else ""
    return f"{shown}/{per}" if per else shown


def unit_label(unit: str, lang: str) -> str:
    """Return a unit as tables show it: the name that the dataset gives it, or in Chinese the word for it."""
    return label(unit, lang) if lang == "zh" or unit == "1" else unit


def _pairs(talk: Talk, value: Row) -> str:
    """Return the fields of a nested value in one line."""
    shown = {key: one for key, one in value.items() if one not in (None, "")}
    return talk.say("semicolon").join(f"{head(talk, key)} {cell(talk, key, one, value)}" for key, one in shown.items())


def _text(talk: Talk, name: str, value: str) -> str:
    """Return a text with enumerated values translated and times in the local time zone."""
    if name in _MOMENTS:
        return datetime.fromisoformat(value).astimezone().isoformat(" ", "minutes")
    if name in _SHARED and f"{name}.{value}" in SHARED:
        return SHARED.say(f"{name}.{value}", talk.lang)
    key = f"phase.{value}" if name == "phase" else f"word.{value}"
    return talk.say(key) if name in _WORDS and key in WORDS else value
