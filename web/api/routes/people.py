"""Account and token endpoints."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from synergy.web.api.dispatch import paged
from synergy.web.api.models import Given, Items, Name
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import PREFIX, AuthScheme, Call, HandlerResult, Mark, gives, serves
from synergy.web.clock import whole

from synergy.records.accounts import Account, AccountChanged, AccountMade, Token, TokenMade
from synergy.records.figures import Record, example
from synergy.records.names import Role
from synergy.store import accounts
from synergy.store.access import RULES, SCOPES, Action, reach


class Accounts(Items[Account]):
    """One page of accounts, by name."""


class NewAccount(Given):
    """An account to create; without a password it can only use tokens."""

    model_config = example({"name": "li", "role": "editor", "enterprise": "GLASS"})
    name: Name
    role: Literal["planner", "editor", "reader", "auditor", "client", "administrator"]
    enterprise: Name | None = None
    password: str | None = Field(None, min_length=10, max_length=200)


class AccountChange(Given):
    """Change of an account: disable or enable it, or set its password; either revokes its tokens."""

    model_config = example({"disabled": True})
    disabled: bool | None = None
    password: str | None = Field(None, min_length=10, max_length=200)


class PasswordGiven(Given):
    """New password of the own account; its tokens are revoked."""

    model_config = example({"password": "correct horse battery"})
    password: str = Field(min_length=10, max_length=200)


class Me(Record):
    """The account of a token, and its effective scopes."""

    model_config = example({"name": "li", "role": "editor", "enterprise": "GLASS", "scopes": ["read", "respond"]})
    name: str
    role: Role
    enterprise: str | None
    scopes: list[str]


class Tokens(Items[Token]):
    """One page of tokens, oldest first."""


class NewToken(Given):
    """A token to create for the own account."""

    model_config = example({"label": "erp", "scopes": ["read", "respond"], "days": 90})
    label: str = Field(min_length=1, max_length=200)
    scopes: list[Literal[SCOPES]] = Field(min_length=1, max_length=20)  # type: ignore[valid-type]
    days: int = Field(90, ge=1, le=366)


@serves("GET /me", None, ("See who one is", "查看当前身份"))
@gives(Me)
def see_me(call: Call) -> HandlerResult:
    """Return the account of the token, its role, its enterprise and the effective scopes."""
    actor = call.actor
    # what a token holds and its role has no use for is not told
    scopes = sorted({scope for action, (scope, _) in RULES.items() if reach(actor, action) is not None})
    return HandlerResult(Me(name=actor.name, role=actor.role, enterprise=actor.enterprise, scopes=scopes))


@serves("GET /users", Action.SEE_USERS, ("List accounts", "列出账户"))
@gives(Accounts, Mark.PAGED)
def list_users(call: Call) -> HandlerResult:
    """Return all accounts, ordered by name."""
    return paged(accounts.list_users(*call.caller), "name", call.query)


@serves("POST /users", Action.MANAGE_USERS, ("Make an account", "创建账户"))
@gives(AccountMade, Mark.KEY, status=201, body=NewAccount, problems=("conflict",))
def create_user(call: Call) -> HandlerResult:
    """Create an account; editors and readers belong to an enterprise."""
    given: NewAccount = call.body
    account = accounts.AccountData(given.name, Role(given.role), given.enterprise, given.password)
    told = accounts.add_user(*call.caller, account, call.asked)
    return HandlerResult(told, 1, {"Location": f"{PREFIX}/users"})


@serves("PATCH /users/{name}", Action.MANAGE_USERS, ("Disable an account, or set its password", "停用账户或重设密码"))
@gives(AccountChanged, Mark.VERSION, body=AccountChange)
def change_user(call: Call) -> HandlerResult:
    """Disable or enable an account, or set its password; its tokens are revoked.

    For a name that does not fit into a URL path, such as one with a slash, use the account number: `@17`.
    """
    name = call.path["name"]
    if name.startswith("@") and (number := whole(name[1:])) is not None:
        name = accounts.name_of(*call.caller, number)
    changes = call.body.model_dump(exclude_none=True)
    if not changes:
        said = ("expected `disabled` or `password`", "应填写 `disabled` 或 `password`")
        raise ApiProblem("invalid", said, [("/disabled", "missing", *said)])
    # together with `disabled`, so that this is the administrator's doing even for a password alone
    changes.setdefault("disabled", _disabled(call, name))
    told = accounts.change_user(*call.caller, name, call.asked, **changes)
    return HandlerResult(told, told.version)


def _disabled(call: Call, name: str) -> bool:
    rows = accounts.list_users(*call.caller)
    found = next((row for row in rows if row.name == name), None)
    if found is None:
        raise ApiProblem("not_found")
    return found.disabled


@serves("PUT /me/password", Action.OWN_ACCOUNT, ("Set the own password", "修改自己的密码"), proof=AuthScheme.BASIC)
@gives(AccountChanged, body=PasswordGiven)
def change_password(call: Call) -> HandlerResult:
    """Set the password of the own account and revoke its tokens; requires Basic authentication."""
    told = accounts.change_user(*call.caller, call.actor.name, password=call.body.password)
    return HandlerResult(told, told.version)


@serves("GET /tokens", Action.OWN_ACCOUNT, ("List the own tokens", "列出自己的令牌"), proof=AuthScheme.BASIC)
@gives(Tokens, Mark.PAGED)
def list_tokens(call: Call) -> HandlerResult:
    """Return the tokens of the own account, without their secrets."""
    return paged(accounts.list_tokens(*call.caller), "id", call.query)


@serves("POST /tokens", Action.OWN_ACCOUNT, ("Make a token", "创建令牌"), proof=AuthScheme.BASIC)
@gives(TokenMade, Mark.KEY, status=201, body=NewToken)
def create_token(call: Call) -> HandlerResult:
    """Create a token for the own account; its secret is only shown in this response."""
    given: NewToken = call.body
    told = accounts.add_token(*call.caller, given.label, given.scopes, given.days, call.asked.key)
    return HandlerResult(told, headers={"Location": f"{PREFIX}/tokens"})


@serves("DELETE /tokens/{token}", Action.OWN_ACCOUNT, ("End a token", "撤销令牌"), proof=AuthScheme.BASIC)
@gives(None, status=204)
def revoke_token(call: Call) -> HandlerResult:
    """Revoke a token of the own account; an administrator may revoke any token."""
    accounts.revoke_token(*call.caller, call.path["token"])
    return HandlerResult()
