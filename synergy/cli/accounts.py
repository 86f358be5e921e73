"""`synergy user`, `token`, `enterprise` and `notice`: accounts, members and what they are told."""

from __future__ import annotations

import sys
from typing import Unpack

import click

from synergy.cli.answers import answer
from synergy.cli.console import Talk
from synergy.cli.options import (
    KEY,
    ChangeOptions,
    Number,
    StoreOptions,
    at_store,
    changes,
    in_language,
    opened,
    step_options,
)
from synergy.texts import say

_NAME = click.argument("name")
_NOTICES = ("at", "round", "message", "subject", "read")
_ROLES = ("planner", "editor", "reader", "auditor", "client", "administrator")


def _password() -> str:
    return sys.stdin.readline().rstrip("\n")


@click.group("user")
@in_language
def user_group() -> None:
    """Manage accounts."""


@user_group.command("add")
@_NAME
@click.option("--role", type=click.Choice(list(_ROLES)), required=True)
@click.option("--enterprise")
@click.option("--password-stdin", "stdin", is_flag=True)
@at_store
@click.pass_obj
def add(
    talk: Talk, /, name: str, role: str, enterprise: str | None, stdin: bool, **given: Unpack[StoreOptions]
) -> None:
    """Create an account."""
    from synergy.records.names import Role
    from synergy.store.accounts import AccountData, add_user

    account = AccountData(name, Role(role), enterprise, _password() if stdin else None)
    with opened(talk, given) as (store, actor):
        answer(talk, given, add_user(store, actor, account))


@user_group.command("list")
@at_store
@click.pass_obj
def users(talk: Talk, /, **given: Unpack[StoreOptions]) -> None:
    """List the accounts."""
    from synergy.store.accounts import list_users

    with opened(talk, given) as (store, actor):
        answer(talk, given, list_users(store, actor))


@user_group.command("password")
@_NAME
@at_store
@click.pass_obj
def password(talk: Talk, /, name: str, **given: Unpack[StoreOptions]) -> None:
    """Set the password of an account, read from standard input."""
    from synergy.store.accounts import change_user

    with opened(talk, given) as (store, actor):
        answer(talk, given, change_user(store, actor, name, password=_password()))


def _switch(verb: str, *, disabled: bool) -> click.Command:
    """Return the command that disables or enables an account."""

    @_NAME
    @at_store
    @click.pass_obj
    def command(talk: Talk, /, name: str, **given: Unpack[StoreOptions]) -> None:
        from synergy.store.accounts import change_user

        with opened(talk, given) as (store, actor):
            answer(talk, given, change_user(store, actor, name, disabled=disabled))

    return click.command(verb)(command)


user_group.add_command(_switch("disable", disabled=True))
user_group.add_command(_switch("enable", disabled=False))


@click.group("enterprise")
@in_language
def enterprise_group() -> None:
    """Manage the membership of enterprises."""


def _membership(verb: str) -> click.Command:
    """Return the command that withdraws or readmits an enterprise."""

    @click.argument("enterprise")
    @changes
    @click.pass_obj
    def command(talk: Talk, /, enterprise: str, **given: Unpack[ChangeOptions]) -> None:
        from synergy.store import withdrawals

        change = withdrawals.depart if verb == "depart" else withdrawals.readmit
        with opened(talk, given) as (store, actor):
            answer(talk, given, change(store, actor, enterprise, step_options(given)))

    return click.command(verb)(command)


enterprise_group.add_command(_membership("depart"))
enterprise_group.add_command(_membership("readmit"))


@click.group("token")
@in_language
def token_group() -> None:
    """Manage API tokens."""


@token_group.command("add")
@click.argument("label")
@click.option("--scope", "scopes", multiple=True, required=True)
@click.option("--days", type=Number(1, whole=True, most=366), default=90)
@at_store
@click.pass_obj
def token_add(talk: Talk, /, label: str, scopes: tuple[str, ...], days: int, **given: Unpack[StoreOptions]) -> None:
    """Create an API token and print it; it cannot be shown again."""
    from synergy.store.api_tokens import add_token

    with opened(talk, given) as (store, actor):
        answer(talk, given, add_token(store, actor, label, scopes, days))


@token_group.command("list")
@at_store
@click.pass_obj
def token_list(talk: Talk, /, **given: Unpack[StoreOptions]) -> None:
    """List the API tokens of the account."""
    from synergy.store.api_tokens import list_tokens

    with opened(talk, given) as (store, actor):
        answer(talk, given, list_tokens(store, actor))


@token_group.command("revoke")
@click.argument("token", metavar="ID", type=KEY)
@at_store
@click.pass_obj
def token_revoke(talk: Talk, /, token: int, **given: Unpack[StoreOptions]) -> None:
    """Revoke an API token."""
    from synergy.store.api_tokens import revoke_token

    with opened(talk, given) as (store, actor):
        answer(talk, given, revoke_token(store, actor, token))


@click.group("notice")
@in_language
def notice_group() -> None:
    """Read notices."""


@notice_group.command("list")
@click.option("--unread", is_flag=True)
@click.option("--mark", is_flag=True)
@at_store
@click.pass_obj
def notices(talk: Talk, /, unread: bool, mark: bool, **given: Unpack[StoreOptions]) -> None:
    """List the notices of the account, and mark them as read with ``--mark``."""
    from synergy.store.notices import list_notices, mark_read

    with opened(talk, given) as (store, actor):
        found = list_notices(store, actor, unread=unread)
        if mark:
            mark_read(store, actor, [one.notice for one in found])
    rows = [dict(one) | {"message": say((one.text_en, one.text_zh), talk.lang)} for one in found]
    answer(talk, given, found if given["as_json"] else rows, _NOTICES)
