"""Webhooks: subscriptions of accounts to events, and their deliveries."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, insert, select, update

from synergy.records.accounts import Delivery, EventTold, Webhook, WebhookEnded, WebhookMade
from synergy.records.figures import Ident, Record
from synergy.records.names import ACTIONS, GROUPS, Sending
from synergy.store.access import Action, Actor, Reach, Resource, allowed, reach, require
from synergy.store.accounts import actor_of
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.messages import existing, refusal
from synergy.store.rows import EventRow, WebhookRow
from synergy.store.store import Store
from synergy.store.tables import chain, deliveries, events, users, webhooks

MOST = 10  # webhooks of one account
BATCH = 200  # events looked at in one go
# waited after each call that failed; then it has failed for good
WAITS = tuple(timedelta(seconds=one) for one in (10, 60, 300, 1800, 7200, 21600, 43200))
HELD = timedelta(seconds=60)  # how long a call may take before another process makes it
# what everybody with an account may know of a round: its states
PUBLIC = ("round.open", "round.freeze", "round.publish", "round.collect", "round.conclude", "round.cancel")
_EVENT = (events.c.at.label("happened"), events.c.action, events.c.subject, events.c.round)
OWN = ("declare", "answer")  # told to the enterprise that it concerns


@dataclass(frozen=True, slots=True)
class Due:
    """Webhook delivery that is due: its row, event, number of failed calls, address, signing secret and payload."""

    delivery: int
    event: int
    attempts: int
    url: str
    secret: str = field(repr=False)
    record: EventTold


class _Registered(Record):
    """A registered webhook as it is stored for a repeated request: without its secret."""

    webhook: Ident
    url: str
    actions: list[str]
    version: int


def add_webhook(
    store: Store, actor: Actor, url: str, actions: Sequence[str] = (), key: str | None = None
) -> WebhookMade:
    """Subscribe a URL to future events of some actions or groups of actions, as ``round.``; to all if none is named.

    Planners and auditors receive all events, enterprises the states of rounds and their own steps. Whether the host of
    the URL is allowed is checked by the caller, and again at each call. `RefusedError`: an unknown action, or too many
    webhooks.
    """
    require(actor, Action.HOOK, Resource("webhook", owner=actor.name))
    if actor.user is None:
        raise refusal("signed_out")
    for action in actions:
        if action not in ACTIONS and action not in GROUPS:
            raise refusal("unknown", what="action", name=action[:40], expected=", ".join((*GROUPS, *ACTIONS)))
    given = {"url": url, "actions": sorted(set(actions))}

    def body(change: Transaction) -> _Registered:
        live = select(webhooks.c.id).where(webhooks.c.user == actor.user, webhooks.c.ended.is_(None))
        if len(change.connection.execute(live).all()) >= MOST:
            raise refusal("bad_value", what="webhook", value=MOST + 1, expected=f"<= {MOST}")
        # from the next event on: not of its own making
        row = {**given, "user": actor.user, "seen": change.number + 1, "created": change.at}
        ident = inserted(change.connection, webhooks, **row)
        change.event("webhook.add", f"webhook:{ident}", {"actions": given["actions"]})
        return _Registered.model_validate({"webhook": ident, **given, "version": 1})

    made = commit(store, actor, Step("webhook.add", given, key), _Registered, body)
    return WebhookMade(**made.model_dump(), secret=secret_of(store, made.webhook))


def secret_of(store: Store, webhook: int) -> str:
    """Return the signing secret of a webhook, derived from the key of the store and never stored."""
    return "whsec_" + hmac.new(store.secret, f"webhook:{webhook}".encode(), hashlib.sha256).hexdigest()


def list_webhooks(store: Store, actor: Actor) -> list[Webhook]:
    """Return the active webhooks of the actor's own account."""
    require(actor, Action.SEE_HOOKS, Resource("webhook", owner=actor.name))
    own = (webhooks.c.user == actor.user) & webhooks.c.ended.is_(None)
    with store.database.read() as connection:
        wanted = select(webhooks, webhooks.c.id.label("webhook")).where(own).order_by(webhooks.c.id)
        return [Webhook.of(row) for row in connection.execute(wanted)]


def end_webhook(store: Store, actor: Actor, webhook: int) -> WebhookEnded:
    """End a webhook of the actor's own account; pending deliveries are dropped."""
    with store.database.read() as connection:
        _own(connection, actor, webhook)

    def body(change: Transaction) -> WebhookEnded:
        row = _own(change.connection, actor, webhook)
        if row.ended is not None:
            raise refusal("not_found", what="webhook")
        change.bump(webhooks, {"id": webhook}, row.version, "webhook", ended=change.at)
        change.event("webhook.end", f"webhook:{webhook}", {})
        return WebhookEnded(webhook=webhook, ended=change.at)

    return commit(store, actor, Step("webhook.end"), WebhookEnded, body)


def list_deliveries(store: Store, actor: Actor, webhook: int) -> list[Delivery]:
    """Return the deliveries of a webhook of the actor's own account, the latest first."""
    wanted = select(deliveries, deliveries.c.id.label("delivery")).where(deliveries.c.webhook == webhook)
    with store.database.read() as connection:
        _own(connection, actor, webhook, Action.SEE_HOOKS)
        rows = connection.execute(wanted.order_by(deliveries.c.id.desc()).limit(1000))
        return [Delivery.of(row) for row in rows]


def _own(connection: Connection, actor: Actor, webhook: int, action: Action = Action.HOOK) -> WebhookRow:
    wanted = select(webhooks, users.c.name).join(users, users.c.id == webhooks.c.user)
    row = connection.execute(wanted.where(webhooks.c.id == webhook)).one_or_none()
    require(actor, action, Resource("webhook", owner=None if row is None else row.name))
    return existing(row, "webhook")


def gather(store: Store, actor: Actor) -> int:
    """Queue the deliveries of new events, each once, and return their number."""
    require(actor, Action.WORK, Resource("webhook"))
    with store.database.read() as connection:
        tip = connection.execute(select(chain.c.number)).scalar_one()
        behind = select(webhooks.c.id).where(webhooks.c.ended.is_(None), webhooks.c.seen < tip)
        late = connection.execute(behind).scalars().all()
    queued = 0
    for webhook in late:
        with store.database.write() as connection:
            row = connection.execute(select(webhooks).where(webhooks.c.id == webhook).with_for_update()).one()
            owner = connection.execute(select(users).where(users.c.id == row.user)).one()
            later = select(events).where(events.c.number > row.seen).order_by(events.c.number).limit(BATCH)
            found = connection.execute(later).all()
            who = actor_of(owner)
            news = [] if owner.disabled else [one.number for one in found if _told(who, row.actions, one)]
            if news:
                due = {"webhook": webhook, "state": Sending.WAITING, "due": store.now()}
                connection.execute(insert(deliveries), [due | {"event": number} for number in news])
            if found:
                same = (webhooks.c.id == webhook) & (webhooks.c.seen == row.seen)
                connection.execute(update(webhooks).where(same).values(seen=found[-1].number))
        queued += len(news)
    return queued


def _told(who: Actor, actions: Sequence[str], event: EventRow) -> bool:
    """Return whether a webhook receives an event: it matches the actions, and its owner may see it."""
    if actions and not {str(event.action), f"{str(event.action).partition('.')[0]}."} & set(actions):
        return False
    if allowed(who, Action.SEE_EVENTS, Resource("round")):
        return True
    if event.action in PUBLIC:
        return reach(who, Action.SEE_ROUNDS) is Reach.ALL
    subject = str(event.subject).split(":")
    return event.action in OWN and len(subject) == 3 and who.enterprise is not None and subject[2] == who.enterprise


def take(store: Store, actor: Actor, most: int = 20) -> list[Due]:
    """Claim some deliveries that are due, exclusively for a limited time."""
    require(actor, Action.WORK, Resource("webhook"))
    at = store.now()
    waiting = (deliveries.c.state == Sending.WAITING) & (deliveries.c.due <= at)
    wanted = (
        select(deliveries, webhooks.c.url, *_EVENT)
        .join(webhooks, webhooks.c.id == deliveries.c.webhook)
        .join(events, events.c.number == deliveries.c.event)
        .where(waiting, webhooks.c.ended.is_(None))
        .order_by(deliveries.c.due, deliveries.c.id)
        .limit(most)
    )
    with store.database.read() as connection:
        rows = connection.execute(wanted).all()
    found = []
    for row in rows:
        with store.database.write() as connection:
            same = (deliveries.c.id == row.id) & (deliveries.c.due == row.due) & (deliveries.c.state == Sending.WAITING)
            if connection.execute(update(deliveries).where(same).values(due=at + HELD)).rowcount != 1:
                continue
        told = EventTold.of(row, at=row.happened)
        found.append(Due(row.id, row.event, row.attempts, row.url, secret_of(store, row.webhook), told))
    return found


def note(store: Store, actor: Actor, due: Due, status: int | None, said: str = "") -> Sending:
    """Record the HTTP status (None: no answer) of a delivery, and return its state; a failed one is retried."""
    require(actor, Action.WORK, Resource("webhook"))
    at = store.now()
    good = status is not None and 200 <= status < 300
    over = due.attempts >= len(WAITS)
    state = Sending.SENT if good else Sending.FAILED if over else Sending.WAITING
    later = at if good or over else at + WAITS[due.attempts]
    values = {"state": state, "attempts": due.attempts + 1, "due": later, "status": status, "said": said[:200]}
    with store.database.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == due.delivery).values(**values, at=at))
    return state
