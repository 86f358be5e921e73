"""How often somebody may ask: a window for each account, and one for each address that fails to sign in."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from limits import RateLimitItem, parse
from limits.storage import storage_from_string

from web.api.problems import ApiProblem
from web.settings import Settings

_NAME = "synergy.api.limiter"
_MOST = 10_000  # names before those whose window is over are forgotten


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a window.

    Parameters
    ----------
    limit, remaining : int
        Requests a window, and those that may still come.
    reset : int
        Seconds until the next window.
    """

    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers that tell it."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class Limiter:
    """Counts requests where the settings say.

    Parameters
    ----------
    settings : Settings
        Rates of accounts (`api_rate`) and of addresses that sign in or fail to (`sign_in_rate`).
    """

    def __init__(self, settings: Settings) -> None:
        self._limited = settings.limited
        self._account, self._address = parse(settings.api_rate), parse(settings.sign_in_rate)
        local = settings.limit_storage.startswith("memory:")
        self._windows = _Windows() if local else _Shared(settings.limit_storage)

    def account(self, name: str) -> Left | None:
        """Count a request of an account; None where nothing is counted.

        Raises
        ------
        ApiProblem
            Too many.
        """
        return self._take(self._account, "account", name)

    def address(self, name: str) -> Left | None:
        """Count a request of an address that signs in, or fails to.

        Raises
        ------
        ApiProblem
            Too many.
        """
        return self._take(self._address, "address", name)

    def _take(self, rate: RateLimitItem, kind: str, name: str) -> Left | None:
        if not self._limited:
            return None
        count, reset = self._windows.count(rate, f"{kind}:{name}")
        left = Left(rate.amount, max(0, rate.amount - count), reset)
        if count > rate.amount:
            raise ApiProblem("too_many", headers={**left.headers, "Retry-After": str(left.reset)})
        return left


class _Shared:
    """Windows that several processes count in."""

    def __init__(self, storage: str) -> None:
        self._storage: Any = storage_from_string(storage)

    def count(self, rate: RateLimitItem, name: str) -> tuple[int, int]:
        """Count one and return how many there are in this window, and the seconds until the next."""
        key = rate.key_for("api", name)
        found = int(self._storage.incr(key, rate.get_expiry()))
        return found, max(1, int(self._storage.get_expiry(key) - time.time()) + 1)


class _Windows:
    """Windows of this process: no thread for each request, and no more names than are asked about now."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def count(self, rate: RateLimitItem, name: str) -> tuple[int, int]:
        """Count one and return how many there are in this window, and the seconds until the next."""
        now = time.monotonic()
        with self._lock:
            if len(self._held) > _MOST:
                self._held = {key: one for key, one in self._held.items() if one[0] > now}
            end, found = self._held.get(name, (0.0, 0))
            if end <= now:
                end, found = now + rate.get_expiry(), 0
            self._held[name] = (end, found + 1)
        return found + 1, max(1, int(end - now) + 1)


def counts(app: Flask, settings: Settings) -> None:
    """Let an application count the requests of its API."""
    app.extensions[_NAME] = Limiter(settings)


def limiter() -> Limiter:
    """Return the limiter of this application."""
    found: Limiter = current_app.extensions[_NAME]
    return found
