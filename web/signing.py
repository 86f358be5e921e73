"""Signing in and out: a new session each time, few passwords checked at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from flask import Flask, current_app, g, session

from synergy.store import people, sessions
from synergy.store.access import Actor
from web.access import KEY, settings, store
from web.texts import LANGUAGES

PATIENCE_S = 4.0
_GATE = "synergy.hashers"


def gate(app: Flask, most: int) -> None:
    """Let no more than so many passwords be checked at once: each takes 64 MiB and a core."""
    app.extensions[_GATE] = threading.BoundedSemaphore(most)


class BusyError(Exception):
    """Too many passwords are being checked just now."""


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for a place among those whose password is checked."""
    turn: threading.BoundedSemaphore = current_app.extensions[_GATE]
    if not turn.acquire(timeout=PATIENCE_S):
        raise BusyError
    try:
        yield
    finally:
        turn.release()


def checked(name: str, password: str) -> Actor:
    """Return whose name and password these are; no session begins.

    Parameters
    ----------
    name, password : str
        As typed.

    Raises
    ------
    DeniedError
        Either is wrong, or the account rests or is disabled.
    BusyError
        Too many are signing in just now.
    """
    with _turn():
        return people.sign_in(store(), name, password)


def sign_in(name: str, password: str) -> Actor:
    """Begin a session; what is wrong is raised as by `checked`."""
    who = checked(name, password)
    begin(who)
    return who


def change_password(who: Actor, old: str, new: str) -> None:
    """Change the own password; other sessions end, and this one begins anew.

    Raises
    ------
    DeniedError
        The old one is wrong.
    RefusedError
        The new one is too short.
    BusyError
        Too many are signing in just now.
    """
    with _turn():
        people.sign_in(store(), who.name, old)
        people.change_user(store(), who, who.name, password=new)
    begin(who)


def begin(who: Actor) -> None:
    """Begin a session anew: nothing of what a browser brought stays in it."""
    sign_out()
    session[KEY] = sessions.begin(store(), who, settings().session_hours)
    session.permanent = True
    g.visitor = who


def sign_out() -> None:
    """End the session of this browser, here and in the store: a copy of its cookie opens nothing any more."""
    if KEY in session:
        sessions.end(store(), str(session[KEY]))
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
