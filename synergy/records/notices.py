"""Records of notices, webhooks and their deliveries."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synergy.records.documents import Document
from synergy.records.figures import Ident, Record, Time, example
from synergy.records.names import ACTIONS, Sending

_AT = "2026-03-01T08:00:00+00:00"
_NOTICE = "N0f1e2d3c4b5a69788796"
EventName = Literal[ACTIONS]  # type: ignore[valid-type]


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

    model_config = example({"event": 17, "at": _AT, "action": "round.publish", "subject": "round:3", "round": 3})
    event: Ident
    at: Time
    action: EventName
    subject: str = Field(description="What it is about: `round:3`, `proposal:P0f3a9c1b2d4e5f607182:GLASS`.")
    round: int | None


class Webhook(Record):
    """A registered webhook."""

    model_config = example(
        {"webhook": 1, "url": "https://erp.example/synergy", "actions": ["round."], "version": 1, "created": _AT}
    )
    webhook: Ident
    url: str
    actions: list[str]
    version: int
    created: Time


class WebhookMade(Record):
    """A registered webhook with the secret that signs its calls."""

    model_config = example(
        {
            "webhook": 1,
            "url": "https://erp.example/synergy",
            "actions": ["round."],
            "version": 1,
            "secret": "whsec_" + "4c" * 32,
        }
    )
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
            "due": _AT,
            "status": 204,
            "said": "No Content",
            "at": _AT,
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
