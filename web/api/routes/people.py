"""Account and token endpoints."""

from __future__ import annotations

from synergy.web.api.dispatch import Page, paged
from synergy.web.api.models.records import (
    AccountChange,
    AccountChanged,
    AccountMade,
    Accounts,
    Me,
    NewAccount,
    NewToken,
    PasswordGiven,
    TokenMade,
    Tokens,
)
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import PREFIX, AuthScheme, Call, HandlerResult, Mark, Spec, serves
from synergy.web.clock import whole

from synergy.store import accounts, api_tokens
from synergy.store.access import RULES, Action, reach
from synergy.store.names import Role

_PAGED = frozenset({Mark.PAGED})


@serves(Spec("GET", "/me", None, ("See who one is", "查看当前身份"), Me))
def see_me(call: Call) -> HandlerResult:
    """Return the account of the token, its role, its enterprise and the effective scopes."""
    actor = call.actor
    # what a token holds and its role has no use for is not told
    scopes = sorted({scope for action, (scope, _) in RULES.items() if reach(actor, action) is not None})
    return HandlerResult(
        {"name": actor.name, "role": str(actor.role), "enterprise": actor.enterprise, "scopes": scopes}
    )


@serves(Spec("GET", "/users", Action.SEE_USERS, ("List accounts", "列出账户"), Accounts, query=Page, marks=_PAGED))
def list_users(call: Call) -> HandlerResult:
    """Return all accounts, ordered by name."""
    return paged(accounts.list_users(call.store, call.actor), "name", call.query, f"{PREFIX}/users")


@serves(
    Spec(
        "POST",
        "/users",
        Action.MANAGE_USERS,
        ("Make an account", "创建账户"),
        AccountMade,
        201,
        body=NewAccount,
        marks=frozenset({Mark.KEY}),
        problems=("conflict",),
    )
)
def create_user(call: Call) -> HandlerResult:
    """Create an account; editors and readers belong to an enterprise."""
    given: NewAccount = call.body
    account = accounts.AccountData(given.name, Role(given.role), given.enterprise, given.password)
    told = accounts.add_user(call.store, call.actor, account, call.asked)
    return HandlerResult(told, 1, {"Location": f"{PREFIX}/users"})


@serves(
    Spec(
        "PATCH",
        "/users/{name}",
        Action.MANAGE_USERS,
        ("Disable an account, or set its password", "停用账户或重设密码"),
        AccountChanged,
        body=AccountChange,
        marks=frozenset({Mark.VERSION}),
    )
)
def change_user(call: Call) -> HandlerResult:
    """Disable or enable an account, or set its password; its tokens are revoked.

    For a name that does not fit into a URL path, such as one with a slash, use the account number: `@17`.
    """
    name = call.path["name"]
    if name.startswith("@") and (number := whole(name[1:])) is not None:
        name = accounts.name_of(call.store, call.actor, number)
    changes = call.body.model_dump(exclude_none=True)
    if not changes:
        said = ("expected `disabled` or `password`", "应填写 `disabled` 或 `password`")
        raise ApiProblem("invalid", said, [("/disabled", "missing", *said)])
    # together with `disabled`, so that this is the administrator's doing even for a password alone
    changes.setdefault("disabled", _disabled(call, name))
    told = accounts.change_user(call.store, call.actor, name, call.asked, **changes)
    return HandlerResult(told, told["version"])


def _disabled(call: Call, name: str) -> bool:
    rows = accounts.list_users(call.store, call.actor)
    found = next((row for row in rows if row["name"] == name), None)
    if found is None:
        raise ApiProblem("not_found")
    return bool(found["disabled"])


@serves(
    Spec(
        "PUT",
        "/me/password",
        Action.OWN_ACCOUNT,
        ("Set the own password", "修改自己的密码"),
        AccountChanged,
        body=PasswordGiven,
        proof=AuthScheme.BASIC,
    )
)
def change_password(call: Call) -> HandlerResult:
    """Set the password of the own account and revoke its tokens; requires Basic authentication."""
    told = accounts.change_user(call.store, call.actor, call.actor.name, password=call.body.password)
    return HandlerResult(told, told["version"])


@serves(
    Spec(
        "GET",
        "/tokens",
        Action.OWN_ACCOUNT,
        ("List the own tokens", "列出自己的令牌"),
        Tokens,
        query=Page,
        marks=_PAGED,
        proof=AuthScheme.BASIC,
    )
)
def list_tokens(call: Call) -> HandlerResult:
    """Return the tokens of the own account, without their secrets."""
    return paged(api_tokens.list_tokens(call.store, call.actor), "id", call.query, f"{PREFIX}/tokens")


@serves(
    Spec(
        "POST",
        "/tokens",
        Action.OWN_ACCOUNT,
        ("Make a token", "创建令牌"),
        TokenMade,
        201,
        body=NewToken,
        marks=frozenset({Mark.KEY}),
        proof=AuthScheme.BASIC,
    )
)
def create_token(call: Call) -> HandlerResult:
    """Create a token for the own account; its secret is only shown in this response."""
    given: NewToken = call.body
    told = api_tokens.add_token(call.store, call.actor, given.label, given.scopes, given.days, call.asked.key)
    return HandlerResult(told, headers={"Location": f"{PREFIX}/tokens"})


@serves(
    Spec(
        "DELETE",
        "/tokens/{token}",
        Action.OWN_ACCOUNT,
        ("End a token", "撤销令牌"),
        None,
        204,
        proof=AuthScheme.BASIC,
    )
)
def revoke_token(call: Call) -> HandlerResult:
    """Revoke a token of the own account; an administrator may revoke any token."""
    api_tokens.revoke_token(call.store, call.actor, call.path["token"])
    return HandlerResult()
