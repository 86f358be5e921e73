"""`synergy user`, `token`, `enterprise`, `notice`, `db`, `backup`, `audit` and `worker`: administration of a store."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Unpack

import click

from synergy.cli.answers import answer, shows, steps
from synergy.cli.console import Talk
from synergy.cli.options import (
    ADDRESS,
    KEY,
    PATH,
    ROUND,
    Number,
    OutputOptions,
    StoreOptions,
    at_store,
    group,
    in_language,
    opened,
    prints_json,
    refuse_value,
)
from synergy.texts import say

if TYPE_CHECKING:
    from synergy.cli.answers import Shown
    from synergy.store.access import Caller
    from synergy.store.rounds import StepOptions

_NAME = click.argument("name")
_FILE = click.argument("file", type=PATH)
_EVENTS = ("number", "at", "actor", "action", "subject", "detail")
_NOTICES = ("at", "round", "message", "subject", "read")
_ROLES = ("planner", "editor", "reader", "auditor", "client", "administrator")

user_group = group("user")
enterprise_group = group("enterprise")
token_group = group("token")
notice_group = group("notice")
db_group = group("db")
backup_group = group("backup")
audit_group = group("audit")


@user_group.command("add")
@_NAME
@click.option("--role", type=click.Choice(list(_ROLES)), required=True)
@click.option("--enterprise")
@click.option("--password-stdin", "stdin", is_flag=True)
@shows()
def _add_user(caller: Caller, name: str, role: str, enterprise: str | None, stdin: bool) -> Shown:
    from synergy.records.names import Role
    from synergy.store.accounts import AccountData, add_user

    return add_user(*caller, AccountData(name, Role(role), enterprise, _password() if stdin else None))


def _password() -> str:
    return sys.stdin.readline().rstrip("\n")


@user_group.command("list")
@shows()
def _list_users(caller: Caller) -> Shown:
    from synergy.store.accounts import list_users

    return list_users(*caller)


@user_group.command("password")
@_NAME
@shows()
def _set_password(caller: Caller, name: str) -> Shown:
    from synergy.store.accounts import change_user

    return change_user(*caller, name, password=_password())


@user_group.command("disable")
@_NAME
@shows()
def _disable(caller: Caller, name: str) -> Shown:
    from synergy.store.accounts import change_user

    return change_user(*caller, name, disabled=True)


@user_group.command("enable")
@_NAME
@shows()
def _enable(caller: Caller, name: str) -> Shown:
    from synergy.store.accounts import change_user

    return change_user(*caller, name, disabled=False)


@enterprise_group.command("depart")
@click.argument("enterprise")
@steps
def _depart(caller: Caller, step: StepOptions, enterprise: str) -> Shown:
    from synergy.store.withdrawals import depart

    return depart(*caller, enterprise, step)


@enterprise_group.command("readmit")
@click.argument("enterprise")
@steps
def _readmit(caller: Caller, step: StepOptions, enterprise: str) -> Shown:
    from synergy.store.withdrawals import readmit

    return readmit(*caller, enterprise, step)


@token_group.command("add")
@click.argument("label")
@click.option("--scope", "scopes", multiple=True, required=True)
@click.option("--days", type=Number(1, whole=True, most=366), default=90)
@shows()
def _add_token(caller: Caller, label: str, scopes: tuple[str, ...], days: int) -> Shown:
    from synergy.store.accounts import add_token

    return add_token(*caller, label, scopes, days)


@token_group.command("list")
@shows()
def _list_tokens(caller: Caller) -> Shown:
    from synergy.store.accounts import list_tokens

    return list_tokens(*caller)


@token_group.command("revoke")
@click.argument("token", metavar="ID", type=KEY)
@shows()
def _revoke_token(caller: Caller, token: int) -> Shown:
    from synergy.store.accounts import revoke_token

    return revoke_token(*caller, token)


@notice_group.command("list")
@click.option("--unread", is_flag=True)
@click.option("--mark", is_flag=True)
@at_store
@click.pass_obj
def _list_notices(talk: Talk, /, unread: bool, mark: bool, **given: Unpack[StoreOptions]) -> None:
    from synergy.store.notices import list_notices, mark_read

    with opened(talk, given) as (store, actor):
        found = list_notices(store, actor, unread=unread)
        if mark:
            mark_read(store, actor, [one.notice for one in found])
    rows = [dict(one) | {"message": say((one.text_en, one.text_zh), talk.lang)} for one in found]
    answer(talk, given, found if given["as_json"] else rows, _NOTICES)


@db_group.command("init")
@click.option("--administrator")
@ADDRESS
@prints_json
@click.pass_obj
def _make_store(talk: Talk, /, address: str, administrator: str | None, **given: Unpack[OutputOptions]) -> None:
    from synergy.records.names import Role
    from synergy.store.accounts import MACHINE, AccountData, add_user, empty
    from synergy.store.database import head
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
def _revision(talk: Talk, /, address: str, **given: Unpack[OutputOptions]) -> None:
    from synergy.store.database import current, database, head

    base = database(address)
    try:
        answer(talk, given, {"revision": current(base), "newest": head()})
    finally:
        base.close()


@backup_group.command("make")
@_FILE
@ADDRESS
@prints_json
@click.pass_obj
def _back_up(talk: Talk, /, file: Path, address: str, **given: Unpack[OutputOptions]) -> None:
    from synergy.store.backup import back_up

    answer(talk, given, {"file": str(back_up(address, file))})


@backup_group.command("restore")
@_FILE
@ADDRESS
@prints_json
@click.pass_obj
def _restore(talk: Talk, /, file: Path, address: str, **given: Unpack[OutputOptions]) -> None:
    from synergy.store.backup import restore

    restore(file, address)
    answer(talk, given, {"file": str(file)})


@audit_group.command("verify")
@click.option("--head", metavar="NUMBER:MAC")
@at_store
@click.pass_obj
def _verify_chain(talk: Talk, /, head: str | None, **given: Unpack[StoreOptions]) -> int:
    from synergy.records.accounts import Head
    from synergy.store.commit import verify_chain

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
@shows(*_EVENTS)
def _events(caller: Caller, round_id: int) -> Shown:
    from synergy.store.commit import history

    return history(*caller, round_id)


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
