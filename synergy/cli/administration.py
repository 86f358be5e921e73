"""Administration commands: `synergy db`, `user`, `enterprise`, `token`, `backup`, `audit` and `worker`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import click

from synergy.cli.answers import answer
from synergy.cli.console import Number, Talk, in_language
from synergy.cli.serving import DATABASE, asked_of, at_store, changes, opened

_ADDRESS = click.option("--db", "address", envvar=DATABASE, default="synergy.db")
_JSON = click.option("--json", "as_json", is_flag=True)
_ROLES = ("planner", "editor", "reader", "auditor", "client", "administrator")


@click.group("db")
@in_language
def db() -> None:
    """Manage the database schema."""


@db.command("init")
@click.option("--administrator", "who")
@_ADDRESS
@_JSON
@in_language
@click.pass_obj
def init(talk: Talk, /, **given: Any) -> None:
    """Create a store, and optionally its first administrator."""
    from synergy.store.accounts import MACHINE, AccountData, add_user, empty
    from synergy.store.migrations.run import head
    from synergy.store.names import Role
    from synergy.store.store import key_file, make_store

    store = make_store(given["address"])
    try:
        if given["who"] and empty(store):
            add_user(store, MACHINE, AccountData(given["who"], Role.ADMINISTRATOR))
        told = {"database": store.database.url.render_as_string(hide_password=True), "revision": head()}
        answer(talk, given, {**told, "key_file": str(key_file(store.database))})
    finally:
        store.close()


@db.command("version")
@_ADDRESS
@_JSON
@in_language
@click.pass_obj
def revision(talk: Talk, /, **given: Any) -> None:
    """Show the schema revision of a store and the newest revision."""
    from synergy.store.database import database
    from synergy.store.migrations.run import current, head

    base = database(given["address"])
    try:
        answer(talk, given, {"revision": current(base), "newest": head()})
    finally:
        base.close()


@click.group("user")
@in_language
def user() -> None:
    """Manage accounts."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(list(_ROLES)), required=True)
@click.option("--enterprise")
@click.option("--password-stdin", "stdin", is_flag=True)
@at_store
@click.pass_obj
def add(talk: Talk, /, **given: Any) -> None:
    """Create an account."""
    from synergy.store.accounts import AccountData, add_user
    from synergy.store.names import Role

    password = sys.stdin.readline().rstrip("\n") if given["stdin"] else None
    account = AccountData(given["name"], Role(given["role"]), given["enterprise"], password)
    with opened(talk, given) as (store, actor):
        answer(talk, given, add_user(store, actor, account))


@user.command("list")
@at_store
@click.pass_obj
def users(talk: Talk, /, **given: Any) -> None:
    """List the accounts."""
    from synergy.store.accounts import list_users

    with opened(talk, given) as (store, actor):
        answer(talk, given, list_users(store, actor))


@user.command("password")
@click.argument("name")
@at_store
@click.pass_obj
def password(talk: Talk, /, **given: Any) -> None:
    """Set the password of an account, read from standard input."""
    from synergy.store.accounts import change_user

    with opened(talk, given) as (store, actor):
        word = sys.stdin.readline().rstrip("\n")
        answer(talk, given, change_user(store, actor, given["name"], password=word))


def _switch(name: str, *, disabled: bool) -> click.Command:
    """Return the command that disables or enables an account."""

    @click.argument("name")
    @at_store
    @click.pass_obj
    def command(talk: Talk, /, **given: Any) -> None:
        from synergy.store.accounts import change_user

        with opened(talk, given) as (store, actor):
            answer(talk, given, change_user(store, actor, given["name"], disabled=disabled))

    return click.command(name)(command)


user.add_command(_switch("disable", disabled=True))
user.add_command(_switch("enable", disabled=False))


@click.group("enterprise")
@in_language
def enterprise() -> None:
    """Manage the membership of enterprises."""


def _membership(name: str) -> click.Command:
    """Return the command that withdraws or readmits an enterprise."""

    @click.argument("enterprise")
    @changes
    @click.pass_obj
    def command(talk: Talk, /, **given: Any) -> None:
        from synergy.store import withdrawals

        change = withdrawals.depart if name == "depart" else withdrawals.readmit
        with opened(talk, given) as (store, actor):
            answer(talk, given, change(store, actor, given["enterprise"], asked_of(given)))

    return click.command(name)(command)


enterprise.add_command(_membership("depart"))
enterprise.add_command(_membership("readmit"))


@click.group("token")
@in_language
def token() -> None:
    """Manage API tokens."""


@token.command("add")
@click.argument("label")
@click.option("--scope", "scopes", multiple=True, required=True)
@click.option("--days", type=Number(1, whole=True, most=366), default=90)
@at_store
@click.pass_obj
def token_add(talk: Talk, /, **given: Any) -> None:
    """Create an API token and print it; it cannot be shown again."""
    from synergy.store.api_tokens import add_token

    with opened(talk, given) as (store, actor):
        answer(talk, given, add_token(store, actor, given["label"], given["scopes"], given["days"]))


@token.command("list")
@at_store
@click.pass_obj
def token_list(talk: Talk, /, **given: Any) -> None:
    """List the API tokens of the acting account."""
    from synergy.store.api_tokens import list_tokens

    with opened(talk, given) as (store, actor):
        answer(talk, given, list_tokens(store, actor))


@token.command("revoke")
@click.argument("ident", metavar="ID", type=Number(1, whole=True))
@at_store
@click.pass_obj
def token_revoke(talk: Talk, /, **given: Any) -> None:
    """Revoke an API token."""
    from synergy.store.api_tokens import revoke_token

    with opened(talk, given) as (store, actor):
        answer(talk, given, revoke_token(store, actor, given["ident"]))


@click.group("backup")
@in_language
def backup() -> None:
    """Make and restore backups."""


@backup.command("make")
@click.argument("file", type=click.Path(path_type=Path))
@_ADDRESS
@_JSON
@in_language
@click.pass_obj
def make(talk: Talk, /, **given: Any) -> None:
    """Back up a store while it is in use."""
    from synergy.store.backup import back_up

    answer(talk, given, {"file": str(back_up(given["address"], given["file"]))})


@backup.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@_ADDRESS
@_JSON
@in_language
@click.pass_obj
def restored(talk: Talk, /, **given: Any) -> None:
    """Restore a store from a backup."""
    from synergy.store.backup import restore

    restore(given["file"], given["address"])
    answer(talk, given, {"file": str(given["file"])})


@click.group("audit")
@in_language
def audit() -> None:
    """Inspect the audit chain."""


@audit.command("verify")
@click.option("--head", metavar="NUMBER:MAC")
@at_store
@click.pass_obj
def audited(talk: Talk, /, **given: Any) -> int:
    """Verify the audit chain by recomputing it."""
    from synergy.store.audit import verify_chain

    expected = None
    if given["head"]:
        number, _, mac = given["head"].partition(":")
        if not number.isdigit() or not mac:
            raise click.UsageError(talk.say("store.head", value=given["head"]))
        expected = {"number": int(number), "mac": mac}
    with opened(talk, given) as (store, actor):
        record = verify_chain(store, actor, expected)
    shown = record if given["as_json"] else {**record, "head": "{number}:{mac}".format(**record["head"])}
    answer(talk, given, shown)
    return 0 if record["sound"] else 1


@click.command("worker")
@click.option("--once", is_flag=True)
@click.option("--limit", type=Number(0, above=True), default=3600.0)
@click.option("--workers", type=Number(1, whole=True))
@click.option("--scheduler", metavar="ADDRESS")
@_ADDRESS
@in_language
@click.pass_obj
def worker(talk: Talk, /, **given: Any) -> None:
    """Process the requested runs of a store until interrupted."""
    from synergy.store.store import open_store
    from synergy.worker.work import Habits, work, work_once

    store = open_store(given["address"])
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        habits = Habits(limit=given["limit"], workers=given["workers"], scheduler=given["scheduler"])
        talk.note(talk.say("store.working", name=habits.name))
        if given["once"]:
            work_once(store, habits, lambda: bool(asked))
        else:
            work(store, habits, lambda: bool(asked))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        store.close()


KEEPING = (db, user, enterprise, token, backup, audit, worker)
