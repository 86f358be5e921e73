"""Who asks, and the rule that every view has: a view without one answers nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from synergy.web.clock import Clock, plain
from synergy.web.settings import Settings
from werkzeug.wrappers import Response

from synergy.errors import DeniedError
from synergy.store import accounts, api_tokens
from synergy.store.access import Action, Actor, Caller, reach
from synergy.store.messages import refusal
from synergy.store.store import Store

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"
FREE = frozenset({"static"})  # endpoints of Flask itself, open to everybody
APART = "api"  # the blueprint that asks for a token or password by itself and looks at no cookie
FIRST = frozenset({"account.password", "account.leave"})  # all that a one-time password opens
KEY = "key"  # of the session, in its cookie
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_RULE = "access_rule"
csrf = CSRFProtect()


def rule(*actions: Action) -> Callable[[View], View]:
    """Return the decorator of a view for whoever may do one of these actions at all.

    It stands under the decorator of the route. The store asks again, for the very object.

    Parameters
    ----------
    *actions : Action
        One of them suffices.
    """

    def mark(view: View) -> View:
        setattr(view, _RULE, actions)
        return view

    return mark


def public(view: View) -> View:
    """Mark a view as open to everybody, signed in or not."""
    setattr(view, _RULE, PUBLIC)
    return view


def rule_of(app: Flask, endpoint: str) -> Any:
    """Return the rule of an endpoint: `PUBLIC`, a tuple of actions, None where it has none."""
    return PUBLIC if endpoint in FREE else getattr(app.view_functions.get(endpoint), _RULE, None)


def store() -> Store:
    """Return the store that this application serves."""
    return cast(Store, current_app.extensions["synergy.store"])


def settings() -> Settings:
    """Return how this application is served."""
    return cast(Settings, current_app.extensions["synergy.settings"])


def clock() -> Clock:
    """Return the clock by which the pages say and take moments."""
    return Clock(settings().zone)


def visitor() -> Actor | None:
    """Return who asks, by token or session; None: nobody who is known.

    Raises
    ------
    DeniedError
        There is a token, and it is wrong or has ended.
    """
    if "visitor" not in g:
        g.visitor = _found()
    return cast("Actor | None", g.visitor)


def actor() -> Actor:
    """Return who asks.

    Raises
    ------
    DeniedError
        Nobody who is known.
    """
    known = visitor()
    if known is None:
        raise refusal("signed_out")
    return known


def caller() -> Caller:
    """Return who asks, in the store that this application serves.

    Raises
    ------
    DeniedError
        Nobody who is known.
    """
    return Caller(store(), actor())


def by_token() -> bool:
    """Return whether a token came with the request; then no cookie is looked at, and no form can be forged."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def _found() -> Actor | None:
    if by_token():
        return api_tokens.actor_of_token(store(), request.headers["Authorization"][7:].strip())
    if KEY not in session:
        return None
    try:
        found = accounts.resume(store(), str(session[KEY]))
    except DeniedError:  # it has ended: as if never signed in
        session.clear()
        return None
    g.one_time = found.one_time
    return found.actor


def guard() -> Response | None:
    """Let a request through, or raise: the rule of its view first, then, where a browser sends a form, its mark.

    Who came in by a one-time password is brought to where it is changed.
    """
    if request.endpoint is None:
        return None
    wanted = rule_of(current_app, request.endpoint)
    if wanted is None:
        abort(403)
    if request.blueprint == APART:
        return None
    if wanted != PUBLIC:
        who = actor()
        if not any(reach(who, action) for action in wanted):
            raise refusal("denied", role=str(who.role), action=str(wanted[0]))
        if g.get("one_time") and request.endpoint not in FIRST:
            lang = (request.view_args or {}).get("lang", "zh")
            return redirect(url_for("account.password", lang=lang), 303)
    plain()
    if request.method not in SAFE and not by_token():
        csrf.protect()
    return None
