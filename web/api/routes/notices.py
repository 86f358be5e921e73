"""Endpoints of notices (list, mark as read) and webhooks (register, list, end, deliveries)."""

from __future__ import annotations

from synergy.web.access import settings
from synergy.web.api.dispatch import Page, paged
from synergy.web.api.models.keeping import NoticeQuery, Notices, NoticesMarked, NoticesRead
from synergy.web.api.models.studies import Deliveries, NewWebhook, WebhookMade, Webhooks
from synergy.web.api.spec import PREFIX, Call, HandlerResult, Mark, Spec, serves
from synergy.web.api.webhooks import target

from synergy.store import notices, subscriptions
from synergy.store.access import Action

_TEXTS = ("text_en", "text_zh")
_PAGED = frozenset({Mark.PAGED})


@serves(
    Spec(
        "GET",
        "/notices",
        Action.SEE_NOTICES,
        ("List notices", "列出通知"),
        Notices,
        query=NoticeQuery,
        marks=frozenset({Mark.PAGED}),
    )
)
def list_notices(call: Call) -> HandlerResult:
    """Return the notices of the account's enterprise, or of the planners, newest first."""
    found = notices.list_notices(call.store, call.actor, unread=call.query.unread)
    rows = [
        {name: value for name, value in one.items() if name not in _TEXTS} | {"text": one[f"text_{call.lang}"]}
        for one in found
    ]
    return paged(rows, "notice", call.query, f"{PREFIX}/notices")


@serves(
    Spec(
        "POST",
        "/notices/read",
        Action.MARK_NOTICES,
        ("Mark notices as read", "将通知标为已读"),
        NoticesMarked,
        body=NoticesRead,
    )
)
def read_notices(call: Call) -> HandlerResult:
    """Mark notices of the account as read, or all if none is listed; notices of others are ignored."""
    return HandlerResult({"marked": notices.mark_read(call.store, call.actor, call.body.notices)})


@serves(
    Spec("GET", "/webhooks", Action.SEE_HOOKS, ("List webhooks", "列出网络回调"), Webhooks, query=Page, marks=_PAGED)
)
def list_webhooks(call: Call) -> HandlerResult:
    """Return the webhooks of the account."""
    return paged(subscriptions.list_webhooks(call.store, call.actor), "webhook", call.query, f"{PREFIX}/webhooks")


@serves(
    Spec(
        "POST",
        "/webhooks",
        Action.HOOK,
        ("Have a machine told of events", "创建网络回调"),
        WebhookMade,
        201,
        body=NewWebhook,
        marks=frozenset({Mark.KEY}),
    )
)
def create_webhook(call: Call) -> HandlerResult:
    """Register a webhook for future events; its host must be on the allow list of the server.

    Each call is a POST of `{event, at, action, subject, round}` with `Synergy-Signature: t=SECONDS,v1=HMAC`:
    HMAC-SHA256 of the seconds, a dot and the body, keyed with the secret. Failed calls are retried up to
    seven times within a day.
    """
    given: NewWebhook = call.body
    target(given.url, settings().webhook_hosts)
    told = subscriptions.add_webhook(call.store, call.actor, given.url, given.actions, call.asked.key)
    return HandlerResult(told, told["version"], {"Location": f"{PREFIX}/webhooks"})


@serves(Spec("DELETE", "/webhooks/{webhook}", Action.HOOK, ("End a webhook", "停用网络回调"), None, 204))
def end_webhook(call: Call) -> HandlerResult:
    """Deactivate a webhook; its pending calls are not sent."""
    subscriptions.end_webhook(call.store, call.actor, call.path["webhook"])
    return HandlerResult()


@serves(
    Spec(
        "GET",
        "/webhooks/{webhook}/deliveries",
        Action.SEE_HOOKS,
        ("List the calls of a webhook", "列出回调记录"),
        Deliveries,
        query=Page,
        marks=_PAGED,
    )
)
def list_deliveries(call: Call) -> HandlerResult:
    """Return the calls of a webhook, newest first."""
    number = call.path["webhook"]
    rows = subscriptions.list_deliveries(call.store, call.actor, number)
    return paged(rows, "delivery", call.query, f"{PREFIX}/webhooks/{number}/deliveries")
