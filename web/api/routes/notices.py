"""Endpoints of notices (list, mark as read) and webhooks (register, list, end, deliveries)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from synergy.web.access import settings
from synergy.web.api.dispatch import paged
from synergy.web.api.models import Given, Items, Name, Page
from synergy.web.api.spec import PREFIX, Call, HandlerResult, Mark, gives, serves
from synergy.web.api.webhooks import target

from synergy.records.accounts import Delivery, Webhook, WebhookMade
from synergy.records.documents import Document
from synergy.records.figures import Record, Time, example
from synergy.records.names import ACTIONS, GROUPS
from synergy.store import notices, subscriptions
from synergy.store.access import Action

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

    model_config = example({"notices": [_NOTICE]})
    notices: list[Name] | None = Field(None, max_length=500)


class NoticesMarked(Record):
    """Number of notices newly marked as read."""

    model_config = example({"marked": 1})
    marked: int


EventAction = Literal[(*GROUPS, *ACTIONS)]  # type: ignore[valid-type]


class NewWebhook(Given):
    """URL of a webhook, and the events that it subscribes to."""

    model_config = example({"url": "https://erp.example/synergy", "actions": ["round."]})
    url: str = Field(min_length=8, max_length=500, pattern="^https?://")
    actions: list[EventAction] = Field(
        default_factory=list,
        max_length=len(ACTIONS),
        description="Actions, or groups of them (with a dot at their end); all where none is named.",
    )


class Webhooks(Items[Webhook]):
    """One page of webhooks."""


class Deliveries(Items[Delivery]):
    """One page of webhook calls, newest first."""


@serves("GET /notices", Action.SEE_NOTICES, ("List notices", "列出通知"))
@gives(Notices, Mark.PAGED, query=NoticeQuery)
def list_notices(call: Call) -> HandlerResult:
    """Return the notices of the account's enterprise, or of the planners, newest first."""
    found = notices.list_notices(*call.caller, unread=call.query.unread)
    rows = [Notice(**dict(one), text=one.text_zh if call.lang == "zh" else one.text_en) for one in found]
    return paged(rows, "notice", call.query)


@serves("POST /notices/read", Action.MARK_NOTICES, ("Mark notices as read", "将通知标为已读"))
@gives(NoticesMarked, body=NoticesRead)
def read_notices(call: Call) -> HandlerResult:
    """Mark notices of the account as read, or all if none is listed; notices of others are ignored."""
    return HandlerResult(NoticesMarked(marked=notices.mark_read(*call.caller, call.body.notices)))


@serves("GET /webhooks", Action.SEE_HOOKS, ("List webhooks", "列出网络回调"))
@gives(Webhooks, Mark.PAGED)
def list_webhooks(call: Call) -> HandlerResult:
    """Return the webhooks of the account."""
    return paged(subscriptions.list_webhooks(*call.caller), "webhook", call.query)


@serves("POST /webhooks", Action.HOOK, ("Have a machine told of events", "创建网络回调"))
@gives(WebhookMade, Mark.KEY, status=201, body=NewWebhook)
def create_webhook(call: Call) -> HandlerResult:
    """Register a webhook for future events; its host must be on the allow list of the server.

    Each call is a POST of `{event, at, action, subject, round}` with `Synergy-Signature: t=SECONDS,v1=HMAC`:
    HMAC-SHA256 of the seconds, a dot and the body, keyed with the secret. Failed calls are retried up to
    seven times within a day.
    """
    given: NewWebhook = call.body
    target(given.url, settings().webhook_hosts)
    told = subscriptions.add_webhook(*call.caller, given.url, given.actions, call.asked.key)
    return HandlerResult(told, told.version, {"Location": f"{PREFIX}/webhooks"})


@serves("DELETE /webhooks/{webhook}", Action.HOOK, ("End a webhook", "停用网络回调"))
@gives(None, status=204)
def end_webhook(call: Call) -> HandlerResult:
    """Deactivate a webhook; its pending calls are not sent."""
    subscriptions.end_webhook(*call.caller, call.path["webhook"])
    return HandlerResult()


@serves("GET /webhooks/{webhook}/deliveries", Action.SEE_HOOKS, ("List the calls of a webhook", "列出回调记录"))
@gives(Deliveries, Mark.PAGED)
def list_deliveries(call: Call) -> HandlerResult:
    """Return the calls of a webhook, newest first."""
    return paged(subscriptions.list_deliveries(*call.caller, call.path["webhook"]), "delivery", call.query)
