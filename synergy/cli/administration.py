"""`synergy db`, `backup`, `audit` and `worker`: the store itself."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import Unpack

import click

from synergy.cli.answers import answer
from synergy.cli.console import Talk
from synergy.cli.options import (
    ADDRESS,
    ROUND,
    Number,
    OutputOptions,
    StoreOptions,
    at_store,
    in_language,
    opened,
    prints_json,
    refuse_value,
)

_EVENTS = ("number", "at", "actor", "action", "subject", "detail")
_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group("db")
@in_language
def db_group() -> None:
    """Manage the database schema."""


@db_group.command("init")
@click.option("--administrator")
@ADDRESS
@prints_json
@click.pass_obj
def init(talk: Talk, /, address: str, administrator: str | None, **given: Unpack[OutputOptions]) -> None:
    """Create a store, and optionally its first administrator."""
    from synergy.records.names import Role
    from synergy.store.accounts import MACHINE, AccountData, add_user, empty
    from synergy.store.migrations.run import head
    from synergy.store.store import key_file, make_store

    store = make_store(address)
    try:
        if administrator and empty(store):
            add_user(store, MACHINE, AccountData(administrator, Role.ADMINISTRATOR))
        told = {"database": store.database.url.render_as_string(hide_password=True), "revision": head()}
        answer(talk, given, {**told, "key_file": str(key_file(store.database))})
    finally:
        store.close()


@db_group.command("version")
@ADDRESS
@prints_json
@click.pass_obj
def revision(talk: Talk, /, address: str, **given: Unpack[OutputOptions]) -> None:
    """Show the schema revision of a store and the newest revision."""
    from synergy.store.database import database
    from synergy.store.migrations.run import current, head

    base = database(address)
    try:
        answer(talk, given, {"revision": current(base), "newest": head()})
    finally:
        base.close()


@click.group("backup")
@in_language
def backup_group() -> None:
    """Make and restore backups."""


@backup_group.command("make")
@_FILE
@ADDRESS
@prints_json
@click.pass_obj
def make(talk: Talk, /, file: Path, address: str, **given: Unpack[OutputOptions]) -> None:
    """Back up a store while it is in use."""
    from synergy.store.backup import back_up

    answer(talk, given, {"file": str(back_up(address, file))})


@backup_group.command("restore")
@_FILE
@ADDRESS
@prints_json
@click.pass_obj
def restored(talk: Talk, /, file: Path, address: str, **given: Unpack[OutputOptions]) -> None:
    """Restore a store from a backup."""
    from synergy.store.backup import restore

    restore(file, address)
    answer(talk, given, {"file": str(file)})


@click.group("audit")
@in_language
def audit_group() -> None:
    """Inspect the audit chain."""


@audit_group.command("verify")
@click.option("--head", metavar="NUMBER:MAC")
@at_store
@click.pass_obj
def audited(talk: Talk, /, head: str | None, **given: Unpack[StoreOptions]) -> int:
    """Verify the audit chain by recomputing it."""
    from synergy.records.audit import Head
    from synergy.store.audit import verify_chain

    expected = None
    if head is not None:
        number, _, mac = head.partition(":")
        if not number.isdigit() or not mac:
            refuse_value("head", head, "expected.form", form="NUMBER:MAC")
        expected = Head(number=int(number), mac=mac)
    with opened(talk, given) as (store, actor):
        record = verify_chain(store, actor, expected)
    found = f"{record.head.number}:{record.head.mac}"
    answer(talk, given, record if given["as_json"] else dict(record) | {"head": found})
    return 0 if record.sound else 1


@audit_group.command("events")
@ROUND
@at_store
@click.pass_obj
def events(talk: Talk, /, round_id: int, **given: Unpack[StoreOptions]) -> None:
    """List the audit events of a round."""
    from synergy.store.audit import history

    with opened(talk, given) as (store, actor):
        answer(talk, given, history(store, actor, round_id), _EVENTS)


@click.command("worker")
@click.option("--once", is_flag=True)
@click.option("--limit", type=Number(0, above=True), default=3600.0)
@click.option("--workers", type=Number(1, whole=True))
@click.option("--scheduler", metavar="ADDRESS")
@ADDRESS
@in_language
@click.pass_obj
def worker(talk: Talk, /, address: str, once: bool, limit: float, workers: int | None, scheduler: str | None) -> None:
    """Execute the requested runs of a store until interrupted."""
    from synergy.store.store import open_store
    from synergy.worker.work import Habits, work, work_once

    store = open_store(address)
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        habits = Habits(limit=limit, workers=workers, scheduler=scheduler)
        talk.note(talk.say("store.working", name=habits.name))
        if once:
            work_once(store, habits, lambda: bool(asked))
        else:
            work(store, habits, lambda: bool(asked))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        store.close()
