"""Endpoints of notices (list, mark as read) and webhooks (register, list, end, deliveries)."""

from __future__ import annotations

from synergy.web.access import settings
from synergy.web.api.dispatch import paged
from synergy.web.api.models.keeping import Notice, NoticeQuery, Notices, NoticesMarked, NoticesRead
from synergy.web.api.models.studies import Deliveries, NewWebhook, Webhooks
from synergy.web.api.spec import PREFIX, Call, HandlerResult, Mark, gives, serves
from synergy.web.api.webhooks import target

from synergy.records.notices import WebhookMade
from synergy.store import notices, subscriptions
from synergy.store.access import Action


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
