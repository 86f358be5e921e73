"""Authentication and per-view access rules. Views without an access rule return 403."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar, cast

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from synergy.web.clock import Clock, plain
from synergy.web.settings import ServerSettings
from werkzeug.wrappers import Response

from synergy.errors import DeniedError
from synergy.store import accounts
from synergy.store.access import Action, Actor, Caller, reach
from synergy.store.messages import refusal
from synergy.store.store import Store

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC: Literal["public"] = "public"
AccessRule = Literal["public"] | tuple[Action, ...]
FREE = frozenset({"static"})  # endpoints of Flask itself, open to everybody
APART = "api"  # the blueprint that asks for a token or password by itself and looks at no cookie
FIRST = frozenset({"account.password", "account.leave"})  # all that a one-time password opens
KEY = "key"  # of the session, in its cookie
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_RULE = "access_rule"
csrf = CSRFProtect()


def rule(*actions: Action) -> Callable[[View], View]:
    """Return a view decorator that requires permission for at least one of the given actions.

    Place it below the route decorator. The store checks permissions again for the specific object.
    """

    def mark(view: View) -> View:
        setattr(view, _RULE, actions)
        return view

    return mark


def public(view: View) -> View:
    """Mark a view as public: no authentication is required."""
    setattr(view, _RULE, PUBLIC)
    return view


def rule_of(app: Flask, endpoint: str) -> AccessRule | None:
    """Return the access rule of an endpoint: `PUBLIC`, a tuple of actions, or None if it has none."""
    return PUBLIC if endpoint in FREE else getattr(app.view_functions.get(endpoint), _RULE, None)


def store() -> Store:
    """Return the store of the current application."""
    return cast(Store, current_app.extensions["synergy.store"])


def settings() -> ServerSettings:
    """Return the settings of the current application."""
    return cast(ServerSettings, current_app.extensions["synergy.settings"])


def clock() -> Clock:
    """Return the clock that formats and parses timestamps in the configured time zone."""
    return Clock(settings().zone)


def visitor() -> Actor | None:
    """Return the actor authenticated by bearer token or session, or None for an anonymous request.

    Raises
    ------
    DeniedError
        The bearer token is invalid or has expired.
    """
    if "visitor" not in g:
        g.visitor = _found()
    return cast("Actor | None", g.visitor)


def actor() -> Actor:
    """Return the authenticated actor of the request; raise `DeniedError` if it is not authenticated."""
    known = visitor()
    if known is None:
        raise refusal("signed_out")
    return known


def caller() -> Caller:
    """Return the authenticated actor, see `actor`, together with the store of the current application."""
    return Caller(store(), actor())


def by_token() -> bool:
    """Return whether the request carries a bearer token. Cookies and CSRF checks do not apply to such requests."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def _found() -> Actor | None:
    if by_token():
        return accounts.actor_of_token(store(), request.headers["Authorization"][7:].strip())
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
    """Enforce the access rule of the requested view, then check the CSRF token of browser form submissions.

    Sessions started with a one-time password are redirected to the page where the password is changed.
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
