"""Wrong passwords: counted for each account and address, so that nobody keeps another one's account shut."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from limits import parse
from synergy.web.limits import Counter
from synergy.web.settings import Settings
from werkzeug.exceptions import TooManyRequests

TRIES = 5  # wrong passwords of an account from one address before it rests there


REST = parse(f"{TRIES} per 5 minute")


PATIENCE_S = 4.0


NETWORK = 64  # leading bits of an IPv6 address that one subscriber has


class BusyError(Exception):
    """Too many passwords are being checked just now."""


class Tries:
    """Turns at the passwords, and what was tried.

    Each check takes 64 MiB and a core: few are made at once, and of addresses with many wrong passwords one alone. So a
    right password is taken from there too, and all others have theirs checked meanwhile.

    Parameters
    ----------
    settings : Settings
        How many are checked at once (`hashers`) and wrong ones of an address (`sign_in_rate`).
    counter : Counter
        Where they are counted.
    """

    def __init__(self, settings: Settings, counter: Counter) -> None:
        self._limited, self._rate, self._counter = settings.limited, parse(settings.sign_in_rate), counter
        self._turns = threading.BoundedSemaphore(settings.hashers)
        self._crowd = threading.BoundedSemaphore(1)

    @contextmanager
    def turn(self, address: str) -> Iterator[None]:
        """Wait for a place among those whose password is checked.

        Raises
        ------
        BusyError
            None within `PATIENCE_S`.
        """
        many = self._limited and self._counter.full(self._rate, f"tries:{_network(address)}")
        with _place(self._crowd if many else None), _place(self._turns):
            yield

    def rests(self, account: str, address: str) -> bool:
        """Return whether an account rests for an address."""
        return self._counter.full(REST, _key(account, address))

    def wrong(self, account: str, address: str) -> None:
        """Count a wrong password.

        Raises
        ------
        TooManyRequests
            More came from this address than may.
        """
        self._counter.count(REST, _key(account, address))
        left = self._counter.count(self._rate, f"tries:{_network(address)}")
        if self._limited and left.over:
            raise TooManyRequests(retry_after=left.reset)

    def right(self, account: str, address: str) -> None:
        """Forget the wrong ones before a right one."""
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
    """Return what one subscriber has: an address of IPv4, a network of IPv6.

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
