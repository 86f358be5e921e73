"""Account and token endpoints."""

from __future__ import annotations

from synergy.web.api.dispatch import paged
from synergy.web.api.models.records import AccountChange, Accounts, Me, NewAccount, NewToken, PasswordGiven, Tokens
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import PREFIX, AuthScheme, Call, HandlerResult, Mark, gives, serves
from synergy.web.clock import whole

from synergy.records.accounts import AccountChanged, AccountMade, TokenMade
from synergy.records.names import Role
from synergy.store import accounts, api_tokens
from synergy.store.access import RULES, Action, reach


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
    return paged(api_tokens.list_tokens(*call.caller), "id", call.query)


@serves("POST /tokens", Action.OWN_ACCOUNT, ("Make a token", "创建令牌"), proof=AuthScheme.BASIC)
@gives(TokenMade, Mark.KEY, status=201, body=NewToken)
def create_token(call: Call) -> HandlerResult:
    """Create a token for the own account; its secret is only shown in this response."""
    given: NewToken = call.body
    told = api_tokens.add_token(*call.caller, given.label, given.scopes, given.days, call.asked.key)
    return HandlerResult(told, headers={"Location": f"{PREFIX}/tokens"})


@serves("DELETE /tokens/{token}", Action.OWN_ACCOUNT, ("End a token", "撤销令牌"), proof=AuthScheme.BASIC)
@gives(None, status=204)
def revoke_token(call: Call) -> HandlerResult:
    """Revoke a token of the own account; an administrator may revoke any token."""
    api_tokens.revoke_token(*call.caller, call.path["token"])
    return HandlerResult()
