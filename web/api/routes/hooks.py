"""Webhooks: other machines told of events."""

from __future__ import annotations

from synergy.web.access import settings
from synergy.web.api.models.studies import Deliveries, NewWebhook, WebhookMade, Webhooks
from synergy.web.api.paging import Page, paged
from synergy.web.api.spec import PREFIX, Call, Mark, Reply, Spec, serves
from synergy.web.api.webhooks import target

from synergy.store import hooks
from synergy.store.access import Action

_PAGED = frozenset({Mark.PAGED})


@serves(
    Spec("GET", "/webhooks", Action.SEE_HOOKS, ("List webhooks", "列出网络回调"), Webhooks, query=Page, marks=_PAGED)
)
def list_webhooks(call: Call) -> Reply:
    """Return the own webhooks."""
    return paged(hooks.list_webhooks(call.store, call.actor), "webhook", call.query, f"{PREFIX}/webhooks")


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
def create_webhook(call: Call) -> Reply:
    """Have a machine told of events from now on, to hosts that the operator allows alone.

    Each call is a POST of `{event, at, action, subject, round}` with `Synergy-Signature: t=SECONDS,v1=HMAC`:
    HMAC-SHA256 of the seconds, a dot and the body, by the secret. Calls that fail are made again, up to seven times
    within a day.
    """
    given: NewWebhook = call.body
    target(given.url, settings().webhook_hosts)
    told = hooks.add_webhook(call.store, call.actor, given.url, given.actions, call.asked.key)
    return Reply(told, told["version"], {"Location": f"{PREFIX}/webhooks"})


@serves(Spec("DELETE", "/webhooks/{webhook}", Action.HOOK, ("End a webhook", "停用网络回调"), None, 204))
def end_webhook(call: Call) -> Reply:
    """End a webhook; calls that wait are no longer made."""
    hooks.end_webhook(call.store, call.actor, call.path["webhook"])
    return Reply()


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
def list_deliveries(call: Call) -> Reply:
    """Return the calls of a webhook, the latest first."""
    number = call.path["webhook"]
    rows = hooks.list_deliveries(call.store, call.actor, number)
    return paged(rows, "delivery", call.query, f"{PREFIX}/webhooks/{number}/deliveries")
