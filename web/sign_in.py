"""Sign-in, sign-out and password changes: sessions are renewed and password checks are throttled."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request, session
from limits import parse
from synergy.web.access import KEY, settings, store
from synergy.web.limits import Counter
from synergy.web.settings import ServerSettings
from werkzeug.exceptions import TooManyRequests

from synergy.errors import DeniedError
from synergy.store import accounts
from synergy.store.access import Actor
from synergy.texts import LANGUAGES

TRIES = 5  # wrong passwords of an account from one address before it rests there
REST = parse(f"{TRIES} per 5 minute")
PATIENCE_S = 4.0
_TRIES = "synergy.tries"
NETWORK = 64  # leading bits of an IPv6 address that one subscriber has


class BusyError(Exception):
    """Raised when too many password checks are in progress."""


class Tries:
    """Concurrency limit of password checks (`hashers`) and counters of failed attempts per address (`sign_in_rate`).

    Each check takes 64 MiB and one core, so only a few run at once, and only one at a time for all addresses with many
    failed attempts. Correct passwords from such addresses are still accepted, and other addresses are not delayed.
    """

    def __init__(self, settings: ServerSettings, counter: Counter) -> None:
        self._limited, self._rate, self._counter = settings.limited, parse(settings.sign_in_rate), counter
        self._turns = threading.BoundedSemaphore(settings.hashers)
        self._crowd = threading.BoundedSemaphore(1)

    @contextmanager
    def turn(self, address: str) -> Iterator[None]:
        """Acquire a slot for a password check, as a context manager.

        Raises
        ------
        BusyError
            No slot became free within `PATIENCE_S` seconds.
        """
        many = self._limited and self._counter.full(self._rate, f"tries:{_network(address)}")
        with _place(self._crowd if many else None), _place(self._turns):
            yield

    def checked(self, name: str, password: str, address: str) -> Actor:
        """Verify a name and password, see `checked` of this module, and count a failure for account and address."""
        network = _network(address)
        resting = f"rest:{network}:{name[:64]}"
        with self.turn(address):
            try:
                who = accounts.sign_in(store(), name, password, resting=self._counter.full(REST, resting))
            except DeniedError as error:
                self._counter.count(REST, resting)
                left = self._counter.count(self._rate, f"tries:{network}")
                if self._limited and left.over:
                    raise TooManyRequests(retry_after=left.reset) from error
                raise
        self._counter.clear(REST, resting)
        return who


@contextmanager
def _place(places: threading.BoundedSemaphore | None) -> Iterator[None]:
    if places is None:
        yield
        return
    if not places.acquire(timeout=PATIENCE_S):
        raise BusyError
    try:
        yield
    finally:
        places.release()


def _network(address: str) -> str:
    """Return the address or network of one subscriber: an IPv4 address, or the /64 network of an IPv6 address.

    Examples
    --------
    >>> _network("192.0.2.7"), _network("2001:db8::1"), _network("")
    ('192.0.2.7', '2001:db8::/64', '')
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, NETWORK), strict=False)) if found.version == 6 else str(found)


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
    return tries.checked(name, password, request.remote_addr or "")


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
