"""Output of store results: a JSON document, a table, or one line per field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.table import Table

from synergy.cli.console import Talk
from synergy.cli.words import WORDS
from synergy.texts import WORDS as SHARED

# columns by what their cells hold
_WORDS = frozenset({"state", "answer", "standing", "stage", "role", "what", "kind", "cause", "how", "phase", "origin"})
_SHARED = frozenset({"status", "kind"})
_MOMENTS = frozenset(
    {
        "deadline",
        "answer_by",
        "created",
        "at",
        "since",
        "requested",
        "started",
        "finished",
        "expires",
        "revoked",
    }
)
# by column, how a number is written: money and tons in whole units
_NUMBERS = dict.fromkeys(("value", "gain", "bound", "best", "gain_own", "paid", "capex", "co2_saved"), ",.0f") | {
    "seconds": ",.1f",
    "payback_years": ".1f",
}
NONE = "–"


def answer(talk: Talk, given: Mapping[str, Any], record: Any, columns: Sequence[str] = ()) -> None:
    """Print the result of a store operation.

    Parameters
    ----------
    talk : Talk
        Output and language.
    given : mapping
        Options of `synergy.cli.serving.at_store`.
    record : dict or list of dict
        Result of the store.
    columns : sequence of str
        Columns to print; all if empty.
    """
    if given["as_json"]:
        talk.document(record)
    elif isinstance(record, list):
        _table(talk, record, columns)
    else:
        for name, value in record.items():
            if not columns or name in columns:
                talk.line(talk.say("store.field", name=head(talk, name), value=cell(talk, name, value)))


def _table(talk: Talk, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
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


def cell(talk: Talk, name: str, value: Any) -> str:
    """Format a value for display.

    Enumerated values are translated, timestamps are converted to the local time zone, and money is rounded to whole
    units.

    Parameters
    ----------
    talk : Talk
        Language.
    name : str
        Name of the field; "" for a nested value.
    value : object
        Plain value of a record.
    """
    if value is None or value in ("", [], {}):
        shown = NONE
    elif isinstance(value, bool):
        shown = talk.say("yes" if value else "no")
    elif isinstance(value, list):
        shown = talk.say("comma").join(cell(talk, name, one) for one in value)
    elif isinstance(value, Mapping):
        shown = _pairs(talk, value)
    elif name == "gap":
        shown = f"{100 * float(value):.2g} %"
    elif name in _NUMBERS:
        shown = format(float(value), _NUMBERS[name])
    else:
        shown = _text(talk, name, str(value))
    return shown


def _pairs(talk: Talk, value: Mapping[str, Any]) -> str:
    """Return the fields of a nested value in one line."""
    shown = {key: one for key, one in value.items() if one not in (None, "")}
    return talk.say("semicolon").join(f"{head(talk, key)} {cell(talk, key, one)}" for key, one in shown.items())


def _text(talk: Talk, name: str, value: str) -> str:
    """Format a text: translate enumerated values and convert timestamps to the local time zone."""
    if name in _MOMENTS:
        return datetime.fromisoformat(value).astimezone().isoformat(" ", "minutes")
    if name in _SHARED and f"{name}.{value}" in SHARED:
        return talk.shared(f"{name}.{value}")
    key = f"phase.{value}" if name == "phase" else f"word.{value}"
    return talk.say(key) if name in _WORDS and key in WORDS else value
