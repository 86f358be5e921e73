"""Sign-in, sign-out and password changes: sessions are renewed and password checks are throttled."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, g, request, session
from synergy.web.access import KEY, settings, store
from synergy.web.limits import Counter
from synergy.web.settings import ServerSettings
from synergy.web.throttle import Tries

from synergy.errors import DeniedError
from synergy.store import accounts
from synergy.store.access import Actor
from synergy.texts import LANGUAGES

_TRIES = "synergy.tries"


def gate(app: Flask, given: ServerSettings, counter: Counter) -> None:
    """Install the throttle of password checks in an application."""
    app.extensions[_TRIES] = Tries(given, counter)


def checked(name: str, password: str) -> Actor:
    """Verify a name and password as entered and return their account, without starting a session.

    Raises
    ------
    DeniedError
        The credentials are wrong, the account is disabled, or it is locked for this address.
    BusyError
        Too many password checks are in progress.
    TooManyRequests
        The password is wrong and the address has exceeded the rate limit of wrong passwords.
    """
    tries: Tries = current_app.extensions[_TRIES]
    address = request.remote_addr or ""
    with tries.turn(address):
        try:
            who = accounts.sign_in(store(), name, password, resting=tries.rests(name, address))
        except DeniedError:
            tries.wrong(name, address)
            raise
    tries.right(name, address)
    return who


def sign_in(name: str, password: str) -> Actor:
    """Verify a name and password and start a session; raise the errors of `checked`."""
    wrong = accounts.wrong_passwords(store(), name)
    who = checked(name, password)
    begin(who)
    g.wrong_passwords = wrong
    return who


def change_password(who: Actor, old: str, new: str) -> None:
    """Change the password of the current account, end its other sessions and renew this one.

    Raises
    ------
    DeniedError
        The old password is wrong.
    RefusedError
        The new password is too short.
    BusyError, TooManyRequests
        See `checked`.
    """
    checked(who.name, old)
    accounts.change_user(store(), who, who.name, password=new)
    begin(who)


def begin(who: Actor) -> None:
    """Start a new session for an account, discarding the previous one to prevent session fixation."""
    sign_out()
    session[KEY] = accounts.begin(store(), who, settings().session_hours)
    session.permanent = True
    g.visitor = who


def sign_out() -> None:
    """End the current session in the cookie and in the store, so that copies of the cookie become invalid."""
    if KEY in session:
        accounts.end(store(), str(session[KEY]))
    session.clear()
    for name in ("csrf_token", "one_time"):
        g.pop(name, None)
    g.visitor = None


def onward(target: str) -> str | None:
    """Validate the redirect target after sign-in; return None unless it is a local page URL.

    Examples
    --------
    >>> onward("/zh/rounds?kind=extension"), onward("//evil.example"), onward("/en/\\\\evil.example")
    ('/zh/rounds?kind=extension', None, None)
    """
    parts = urlsplit(target)
    first = parts.path.split("/")[1] if parts.path.startswith("/") and "/" in parts.path else ""
    plain = target.isascii() and target.isprintable() and "\\" not in target and not parts.path.startswith("//")
    if parts.scheme or parts.netloc or not plain or first not in LANGUAGES:
        return None
    return target
