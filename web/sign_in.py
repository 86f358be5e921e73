"""Signing in and out: a new session each time, few passwords checked at once."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, g, request, session
from synergy.web.access import KEY, settings, store
from synergy.web.limits import Counter
from synergy.web.settings import Settings
from synergy.web.throttle import Tries

from synergy.errors import DeniedError
from synergy.store import accounts
from synergy.store.access import Actor
from synergy.texts import LANGUAGES

_TRIES = "synergy.tries"


def gate(app: Flask, given: Settings, counter: Counter) -> None:
    """Let an application check passwords, few at once, and count the wrong ones."""
    app.extensions[_TRIES] = Tries(given, counter)


def checked(name: str, password: str) -> Actor:
    """Return whose name and password these are; no session begins.

    Parameters
    ----------
    name, password : str
        As typed.

    Raises
    ------
    DeniedError
        Either is wrong, or the account is disabled, or rests for this address.
    BusyError
        Too many are signing in just now.
    TooManyRequests
        It is wrong, and many came from this address.
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
    """Begin a session; what is wrong is raised as by `checked`."""
    wrong = accounts.wrong_passwords(store(), name)
    who = checked(name, password)
    begin(who)
    g.wrong_passwords = wrong
    return who


def change_password(who: Actor, old: str, new: str) -> None:
    """Change the own password; other sessions end, and this one begins anew.

    Raises
    ------
    DeniedError
        The old one is wrong.
    RefusedError
        The new one is too short.
    BusyError, TooManyRequests
        As by `checked`.
    """
    checked(who.name, old)
    accounts.change_user(store(), who, who.name, password=new)
    begin(who)


def begin(who: Actor) -> None:
    """Begin a session anew: nothing of what a browser brought stays in it."""
    sign_out()
    session[KEY] = accounts.begin(store(), who, settings().session_hours)
    session.permanent = True
    g.visitor = who


def sign_out() -> None:
    """End the session of this browser, here and in the store: a copy of its cookie opens nothing any more."""
    if KEY in session:
        accounts.end(store(), str(session[KEY]))
    session.clear()
    for name in ("csrf_token", "one_time"):
        g.pop(name, None)
    g.visitor = None


def onward(target: str) -> str | None:
    """Return an address of this site to go on to, None where it leads elsewhere.

    Parameters
    ----------
    target : str
        As it came with the request.

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
