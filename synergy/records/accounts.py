"""Records of accounts, their tokens, and enterprises that have left."""

from __future__ import annotations

from pydantic import Field

from synergy.records.figures import Ident, Record, Time, example
from synergy.records.names import Role

_AT = "2026-03-01T08:00:00+00:00"


class AccountMade(Record):
    """The created account."""

    model_config = example({"user": 3, "name": "li", "role": "editor", "enterprise": "GLASS"})
    user: Ident
    name: str
    role: Role
    enterprise: str | None


class Account(AccountMade):
    """An account, without its password."""

    model_config = example(
        {
            "user": 3,
            "name": "li",
            "role": "editor",
            "enterprise": "GLASS",
            "disabled": False,
            "version": 1,
            "failures": 0,
        }
    )
    disabled: bool
    version: int
    failures: int = Field(description="Wrong sign-ins since the last right one, from whatever address.")


class AccountChanged(Record):
    """The account after the change."""

    model_config = example({"user": 3, "name": "li", "disabled": True, "version": 2})
    user: Ident
    name: str
    disabled: bool
    version: int


class Token(Record):
    """A token, without its secret."""

    model_config = example(
        {"id": 5, "label": "erp", "scopes": ["read"], "created": _AT, "expires": _AT, "revoked": None}
    )
    id: Ident
    label: str
    scopes: list[str]
    created: Time
    expires: Time
    revoked: Time | None


class TokenMade(Record):
    """The created token with its secret, which is not shown again."""

    model_config = example(
        {"id": 5, "token": "syn_Zk1...", "label": "erp", "scopes": ["read"], "expires": "2026-06-01T08:00:00+00:00"}
    )
    id: Ident
    token: str = Field(repr=False)
    label: str
    scopes: list[str]
    expires: Time


class TokenEnded(Record):
    """A token that was revoked, and when."""

    id: Ident
    revoked: Time


class IssuedToken(Record):
    """A valid token of any account, without its secret."""

    model_config = example({"id": 5, "name": "li", "label": "erp", "scopes": ["read"], "created": _AT, "expires": _AT})
    id: Ident
    name: str
    label: str
    scopes: list[str]
    created: Time
    expires: Time


class Departed(Record):
    """Effects of the departure of an enterprise."""

    model_config = example({"enterprise": "GLASS", "accounts": ["li"], "withdrawn": [4], "forbidden": [3]})
    enterprise: str
    accounts: list[str] = Field(description="Accounts that were closed.")
    withdrawn: list[int] = Field(description="Rounds that its declaration was taken out of.")
    forbidden: list[int] = Field(description="Rounds in which the next run forbids every exchange with it.")


class Readmitted(Record):
    """An enterprise that takes part again."""

    enterprise: str


class Departure(Record):
    """An enterprise that has left."""

    model_config = example({"enterprise": "GLASS", "at": _AT, "actor": "root", "reason": "closed in June"})
    enterprise: str
    at: Time
    actor: str
    reason: str
