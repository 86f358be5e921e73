"""Models of notices, departed enterprises, tokens, backups, proposal history and round setup."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from synergy.web.api.dispatch import Page
from synergy.web.api.models.records import Given, Ident, Name, Time, Told, Words, example

_AT = "2026-03-01T08:00:00+00:00"
_NOTICE = "N0f1e2d3c4b5a69788796"
_FILE = "synergy-20260301T080000Z.db"


class NoticeQuery(Page):
    """Filter of notices."""

    unread: bool = Field(False, description="Only those that the account has not marked as read.")


class Notice(Told):
    """A notice to an enterprise or to the planners."""

    model_config = example(
        {
            "notice": _NOTICE,
            "at": _AT,
            "round": 3,
            "kind": "published",
            "subject": "",
            "fields": {"name": "spring"},
            "text": "Proposals of the round “spring” that concern you are published",
            "read": False,
        }
    )
    notice: str
    at: Time
    round: int | None
    kind: str
    subject: str = Field(description="Code of the proposal or number of the partnership that it is about, or empty.")
    fields: dict[str, Any]
    text: str
    read: bool


class Notices(Told):
    """One page of notices, newest first."""

    items: list[Notice]
    next: str | None


class NoticesRead(Given):
    """Notices to mark as read; all if none is listed."""

    model_config = Given.model_config | example({"notices": [_NOTICE]})
    notices: list[Name] | None = Field(None, max_length=500)


class NoticesMarked(Told):
    """Number of notices newly marked as read."""

    model_config = example({"marked": 1})
    marked: int


class Departing(Given):
    """An enterprise that leaves, and the reason."""

    model_config = Given.model_config | example({"enterprise": "GLASS", "note": "closed in June"})
    enterprise: Name
    note: Words = ""


class Departed(Told):
    """Effects of the departure of an enterprise."""

    model_config = example({"enterprise": "GLASS", "accounts": ["li"], "withdrawn": [4], "forbidden": [3]})
    enterprise: str
    accounts: list[str] = Field(description="Accounts that were closed.")
    withdrawn: list[int] = Field(description="Rounds that its declaration was taken out of.")
    forbidden: list[int] = Field(description="Rounds in which the next run forbids every exchange with it.")


class Departure(Told):
    """An enterprise that has left."""

    model_config = example({"enterprise": "GLASS", "at": _AT, "actor": "root", "reason": "closed in June"})
    enterprise: str
    at: Time
    actor: str
    reason: str


class Departures(Told):
    """One page of enterprises that have left, by id."""

    items: list[Departure]
    next: str | None


class IssuedToken(Told):
    """A valid token of any account, without its secret."""

    model_config = example({"id": 5, "name": "li", "label": "erp", "scopes": ["read"], "created": _AT, "expires": _AT})
    id: Ident
    name: str
    label: str
    scopes: list[str]
    created: Time
    expires: Time


class IssuedTokens(Told):
    """One page of tokens, the first to expire first."""

    items: list[IssuedToken]
    next: str | None


class Backup(Told):
    """A backup of the store in the backup folder of the server."""

    model_config = example({"file": _FILE, "bytes": 1048576, "at": _AT})
    file: str
    bytes: int
    at: Time


class Backups(Told):
    """One page of backups, newest first."""

    items: list[Backup]
    next: str | None


class BackupMade(Backup):
    """A new backup with its digest."""

    model_config = example({"file": _FILE, "bytes": 1048576, "sha256": "5d" * 32, "at": _AT})
    sha256: str


class Happening(Told):
    """One event in the history of a proposal."""

    model_config = example({"number": 1, "at": _AT, "action": "answer", "enterprise": "GLASS", "answer": "accepted"})
    number: int
    at: Time
    action: str
    enterprise: str = Field(description="Whose answer it is, or empty.")


class History(Told):
    """One page of the history of a proposal, oldest first."""

    items: list[Happening]
    next: str | None


class Setup(Told):
    """Dataset, scenario and options of a round."""

    model_config = example(
        {
            "round": 3,
            "dataset": "lvliang",
            "base": "3f" * 32,
            "frozen": None,
            "scenario": {"name": "base"},
            "options": {},
            "previous": None,
            "creator": "anna",
        }
    )
    round: Ident
    dataset: str
    base: str = Field(description="Digest of the dataset.")
    frozen: str | None = Field(description="Digest of the dataset with what was declared, once that is closed.")
    scenario: dict[str, Any] | None
    options: dict[str, Any] | None
    previous: int | None
    creator: str
