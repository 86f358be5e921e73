"""Throttling of password checks, per account and address so that attackers cannot lock accounts for others."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from limits import parse
from synergy.web.limits import Counter
from synergy.web.settings import ServerSettings
from werkzeug.exceptions import TooManyRequests

TRIES = 5  # wrong passwords of an account from one address before it rests there
REST = parse(f"{TRIES} per 5 minute")
PATIENCE_S = 4.0
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

    def rests(self, account: str, address: str) -> bool:
        """Return whether an account is temporarily locked for an address."""
        return self._counter.full(REST, _key(account, address))

    def wrong(self, account: str, address: str) -> None:
        """Count a failed attempt.

        Raises
        ------
        TooManyRequests
            The address has exceeded its rate limit of failures.
        """
        self._counter.count(REST, _key(account, address))
        left = self._counter.count(self._rate, f"tries:{_network(address)}")
        if self._limited and left.over:
            raise TooManyRequests(retry_after=left.reset)

    def right(self, account: str, address: str) -> None:
        """Reset the failure count of an account and address after a correct password."""
        self._counter.clear(REST, _key(account, address))


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


def _key(account: str, address: str) -> str:
    return f"rest:{_network(address)}:{account[:64]}"


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
