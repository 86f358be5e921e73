"""What all commands on a store take, how they open it, and how they print what it answers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.table import Table

from synergy.cli.options import Command, in_language
from synergy.cli.talk import Talk
from synergy.cli.usage import Number
from synergy.cli.words import WORDS

if TYPE_CHECKING:
    from synergy.store.access import Actor
    from synergy.store.rounds import Asked
    from synergy.store.store import Store

DATABASE, USER, TOKEN = "SYNERGY_DB", "SYNERGY_USER", "SYNERGY_TOKEN"
_WORDS = ("state", "answer", "standing", "stage", "role", "what")
_MOMENTS = (
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
)


def at_store(command: Command) -> Command:
    """Add which store, as whom, and how to answer."""
    command = click.option("--json", "as_json", is_flag=True)(command)
    command = click.option("--as", "who", envvar=USER)(command)
    return in_language(click.option("--db", "address", envvar=DATABASE, default="synergy.db")(command))


def changes(command: Command) -> Command:
    """Add what comes with a step: the version that was seen, an idempotency key, a note; and `at_store`."""
    command = click.option("--version", "seen", type=Number(1, whole=True))(command)
    command = click.option("--key")(command)
    return at_store(click.option("--note", default="")(command))


def asked_of(given: Mapping[str, Any]) -> Asked:
    """Return what comes with a step."""
    from synergy.store.rounds import Asked

    return Asked(given["seen"], given["key"], given["note"])


@contextmanager
def opened(talk: Talk, given: Mapping[str, Any]) -> Iterator[tuple[Store, Actor]]:
    """Yield the store and who acts: the account of ``--as``, the owner of a token, else nobody.

    Parameters
    ----------
    talk : Talk
        For what is said.
    given : mapping
        Of `at_store`.

    Raises
    ------
    click.UsageError
        Nobody was named.
    """
    from synergy.store.keys import actor_of_token
    from synergy.store.people import known
    from synergy.store.store import open_store

    store = open_store(given["address"])
    try:
        token = os.environ.get(TOKEN)
        if given["who"]:
            actor = known(store, given["who"])
        elif token:
            actor = actor_of_token(store, token)
        else:
            raise click.UsageError(talk.say("store.who"))
        yield store, actor
    finally:
        store.close()


def answer(talk: Talk, given: Mapping[str, Any], record: Any, columns: Sequence[str] = ()) -> None:
    """Print what a store answered: one document, a table of rows, or a line a field.

    Parameters
    ----------
    talk : Talk
        Where to.
    given : mapping
        Of `at_store`.
    record : dict or list of dict
        The answer.
    columns : sequence of str
        Of the table; all where none is named.
    """
    if given["as_json"]:
        talk.document(record)
    elif isinstance(record, list):
        _table(talk, record, columns)
    else:
        for name, value in record.items():
            if not columns or name in columns:
                talk.line(f"{_head(talk, name)}: {_cell(talk, name, value)}")


def _table(talk: Talk, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    if not rows:
        talk.line(talk.say("store.none"))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    names = columns or list(rows[0])
    for name in names:
        table.add_column(_head(talk, name), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(talk, name, row.get(name)) for name in names))
    talk.out.print(table)


def _head(talk: Talk, name: str) -> str:
    return talk.say(f"head.{name}") if f"head.{name}" in WORDS else name


def _cell(talk: Talk, name: str, value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return talk.say("yes" if value else "no")
    if isinstance(value, str):
        return _text(talk, name, value)
    if isinstance(value, list):
        return ", ".join(_cell(talk, "", one) for one in value)
    if isinstance(value, Mapping):
        return " ".join(f"{key}={_cell(talk, '', one)}" for key, one in value.items() if one not in (None, ""))
    return str(value)


def _text(talk: Talk, name: str, value: str) -> str:
    """Return a text as people read it: words of the store translated, moments in the zone of the machine."""
    if name in _WORDS and f"word.{value}" in WORDS:
        return talk.say(f"word.{value}")
    if name in _MOMENTS:
        return datetime.fromisoformat(value).astimezone().isoformat(" ", "minutes")
    return value
