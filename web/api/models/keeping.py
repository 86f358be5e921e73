"""Models of notices, departed enterprises, tokens, backups and proposal history."""

from __future__ import annotations

from pydantic import Field
from synergy.web.api.models.parts import Given, Items, Name, Page, Words

from synergy.records.accounts import Departure, IssuedToken
from synergy.records.audit import Backup
from synergy.records.documents import Document
from synergy.records.figures import Record, Time, example
from synergy.records.proposals import Happening

_NOTICE = "N0f1e2d3c4b5a69788796"


class NoticeQuery(Page):
    """Filter of notices."""

    unread: bool = Field(False, description="Only those that the account has not marked as read.")


class Notice(Record):
    """A notice to an enterprise or to the planners."""

    model_config = example(
        {
            "notice": _NOTICE,
            "at": "2026-03-01T08:00:00+00:00",
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
    fields: Document
    text: str
    read: bool


class Notices(Items[Notice]):
    """One page of notices, newest first."""


class NoticesRead(Given):
    """Notices to mark as read; all if none is listed."""

    model_config = Given.model_config | example({"notices": [_NOTICE]})
    notices: list[Name] | None = Field(None, max_length=500)


class NoticesMarked(Record):
    """Number of notices newly marked as read."""

    model_config = example({"marked": 1})
    marked: int


class Departing(Given):
    """An enterprise that leaves, and the reason."""

    model_config = Given.model_config | example({"enterprise": "GLASS", "note": "closed in June"})
    enterprise: Name
    note: Words = ""


class Departures(Items[Departure]):
    """One page of enterprises that have left, by id."""


class IssuedTokens(Items[IssuedToken]):
    """One page of tokens, the first to expire first."""


class Backups(Items[Backup]):
    """One page of backups, newest first."""


class History(Items[Happening]):
    """One page of the history of a proposal, oldest first."""
