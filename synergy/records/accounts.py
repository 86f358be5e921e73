"""Records of accounts and tokens, members that left, the audit chain, backups, notices and webhooks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from synergy.records.documents import Document
from synergy.records.figures import AT, Ident, Record, Time, example
from synergy.records.names import ACTIONS, Role, Sending

_ACCOUNT: dict[str, JsonValue] = {"user": 3, "name": "li", "role": "editor", "enterprise": "GLASS"}
_WEBHOOK: dict[str, JsonValue] = {
    "webhook": 1,
    "url": "https://erp.example/synergy",
    "actions": ["round."],
    "version": 1,
}
_MAC = "5d" * 32
_FILE = "synergy-20260301T080000Z.db"
EventName = Literal[ACTIONS]  # type: ignore[valid-type]


class AccountMade(Record):
    """The created account."""

    model_config = example(_ACCOUNT)
    user: Ident
    name: str
    role: Role
    enterprise: str | None


class Account(AccountMade):
    """An account, without its password."""

    model_config = example({**_ACCOUNT, "disabled": False, "version": 1, "failures": 0})
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

    model_config = example({"id": 5, "label": "erp", "scopes": ["read"], "created": AT, "expires": AT, "revoked": None})
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

    model_config = example({"id": 5, "name": "li", "label": "erp", "scopes": ["read"], "created": AT, "expires": AT})
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

    model_config = example({"enterprise": "GLASS", "at": AT, "actor": "root", "reason": "closed in June"})
    enterprise: str
    at: Time
    actor: str
    reason: str


class Head(Record):
    """Head of the audit chain."""

    number: int
    mac: str


class Event(Record):
    """One event of the audit chain."""

    model_config = example(
        {
            "number": 41,
            "at": AT,
            "actor": "anna",
            "action": "round.open",
            "subject": "round:1",
            "round": 1,
            "detail": {"state": "declaring", "version": 2},
            "mac": _MAC,
        }
    )
    number: int
    at: Time
    actor: str
    action: str
    subject: str
    round: Ident | None
    detail: Document
    mac: str


class Chain(Record):
    """Result of the verification of the audit chain; `broken` is the first event that does not follow."""

    model_config = example({"sound": True, "count": 41, "head": {"number": 41, "mac": _MAC}, "broken": None})
    sound: bool
    count: int
    head: Head
    broken: int | None


class Backup(Record):
    """A backup of the store in the backup folder of the server."""

    model_config = example({"file": _FILE, "bytes": 1048576, "at": AT})
    file: str
    bytes: int
    at: Time


class BackupMade(Backup):
    """A new backup with its digest."""

    model_config = example({"file": _FILE, "bytes": 1048576, "sha256": "5d" * 32, "at": AT})
    sha256: str


class Notice(Record):
    """A notice to an enterprise or to the planners; the API gives its text in the language that was asked for."""

    notice: str
    at: Time
    round: int | None
    kind: str
    subject: str = Field(description="Code of the proposal or number of the partnership that it is about, or empty.")
    fields: Document
    text_en: str
    text_zh: str
    read: bool


class EventTold(Record):
    """Payload of a webhook call: identifies one event; the changed data is read through the API with a token."""

    model_config = example({"event": 17, "at": AT, "action": "round.publish", "subject": "round:3", "round": 3})
    event: Ident
    at: Time
    action: EventName
    subject: str = Field(description="What it is about: `round:3`, `proposal:P0f3a9c1b2d4e5f607182:GLASS`.")
    round: int | None


class Webhook(Record):
    """A registered webhook."""

    model_config = example({**_WEBHOOK, "created": AT})
    webhook: Ident
    url: str
    actions: list[str]
    version: int
    created: Time


class WebhookMade(Record):
    """A registered webhook with the secret that signs its calls."""

    model_config = example({**_WEBHOOK, "secret": "whsec_" + "4c" * 32})
    webhook: Ident
    url: str
    actions: list[str]
    version: int
    secret: str = Field(repr=False)


class WebhookEnded(Record):
    """A webhook that is called no more, and since when."""

    webhook: Ident
    ended: Time


class Delivery(Record):
    """One call of a webhook."""

    model_config = example(
        {
            "delivery": 9,
            "event": 41,
            "state": "sent",
            "attempts": 1,
            "due": AT,
            "status": 204,
            "said": "No Content",
            "at": AT,
        }
    )
    delivery: Ident
    event: int
    state: Sending
    attempts: int
    due: Time
    status: int | None
    said: str | None
    at: Time | None
