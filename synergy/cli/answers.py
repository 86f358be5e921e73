"""Output of store results: a JSON document, a table, or one line per field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from synergy.cli.console import Talk
from synergy.cli.words import WORDS
from synergy.texts import WORDS as SHARED

if TYPE_CHECKING:
    from synergy.cli.options import OutputOptions
    from synergy.records.figures import Record

Row = Mapping[str, object]

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


def answer(
    talk: Talk, given: OutputOptions, record: Record | Row | Sequence[Record | Row], columns: Sequence[str] = ()
) -> None:
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
            _lines(talk, dict(record), columns)
    elif given["as_json"]:
        talk.document([_plain(one) for one in record])
    else:
        _table(talk, [dict(one) for one in record], columns)


def _plain(record: Record | Row) -> Row:
    return record if isinstance(record, Mapping) else record.document()


def _lines(talk: Talk, fields: Row, columns: Sequence[str]) -> None:
    for name in columns or fields:
        talk.line(talk.say("store.field", name=head(talk, name), value=cell(talk, name, fields[name])))


def _table(talk: Talk, rows: Sequence[Row], columns: Sequence[str]) -> None:
    if not rows:
        talk.line(talk.say("store.none"))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    names = columns or list(rows[0])
    for name in names:
        table.add_column(head(talk, name), overflow="fold")
    for row in rows:
        table.add_row(*(cell(talk, name, row.get(name)) for name in names))
    talk.out.print(table)


def head(talk: Talk, name: str) -> str:
    """Return the localized name of a field."""
    return talk.say(f"head.{name}") if f"head.{name}" in WORDS else name


def cell(talk: Talk, name: str, value: object) -> str:
    """Format the value of a field; `name` is "" for a nested value.

    Enumerated values are translated, times are converted to the local time zone, and amounts are written without unit:
    rounded in the columns of `_NUMBERS`, else exact.
    """
    from synergy.records.figures import Money, Quantity, Record, written

    if isinstance(value, Money | Quantity):
        value = written(value.amount if isinstance(value, Money) else value.value)
    if value is None or value in ("", [], {}):
        shown = NONE
    elif isinstance(value, bool):
        shown = talk.say("yes" if value else "no")
    elif isinstance(value, datetime):
        shown = value.astimezone().isoformat(" ", "minutes")
    elif isinstance(value, list):
        shown = talk.say("comma").join(cell(talk, name, one) for one in value)
    elif isinstance(value, Record | Mapping):
        shown = _pairs(talk, dict(value))
    elif name == "gap":
        shown = f"{100 * float(str(value)):.2g} %"
    elif name in _NUMBERS:
        shown = format(float(str(value)), _NUMBERS[name])
    else:
        shown = _text(talk, name, str(value))
    return shown


def _pairs(talk: Talk, value: Row) -> str:
    """Return the fields of a nested value in one line."""
    shown = {key: one for key, one in value.items() if one not in (None, "")}
    return talk.say("semicolon").join(f"{head(talk, key)} {cell(talk, key, one)}" for key, one in shown.items())


def _text(talk: Talk, name: str, value: str) -> str:
    """Return a text with enumerated values translated and times in the local time zone."""
    if name in _MOMENTS:
        return datetime.fromisoformat(value).astimezone().isoformat(" ", "minutes")
    if name in _SHARED and f"{name}.{value}" in SHARED:
        return talk.shared(f"{name}.{value}")
    key = f"phase.{value}" if name == "phase" else f"word.{value}"
    return talk.say(key) if name in _WORDS and key in WORDS else value
