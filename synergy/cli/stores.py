"""What all commands on a store take, and how they open it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from synergy.cli.options import Command, in_language
from synergy.cli.talk import Talk
from synergy.cli.usage import Number

if TYPE_CHECKING:
    from synergy.store.access import Actor
    from synergy.store.rounds import Asked
    from synergy.store.store import Store

DATABASE, USER, TOKEN = "SYNERGY_DB", "SYNERGY_USER", "SYNERGY_TOKEN"


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
