"""Counts within windows of time: how often somebody asked, in this process or in several."""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

from limits import RateLimitItem
from limits.storage import storage_from_string

_MOST = 10_000  # names before those whose window is over are forgotten


class Windows(Protocol):
    """Counts by name, each for as long as its window lasts."""

    def count(self, rate: RateLimitItem, name: str) -> tuple[int, int]:
        """Count one and return how many there are in this window, and the seconds until the next."""

    def counted(self, rate: RateLimitItem, name: str) -> int:
        """Return how many there are in this window."""

    def clear(self, rate: RateLimitItem, name: str) -> None:
        """Forget those of this window."""


def windows(storage: str) -> Windows:
    """Return where is counted.

    Parameters
    ----------
    storage : str
        ``memory://``: this process, or ``redis://...`` for several.
    """
    return _Own() if storage.startswith("memory:") else _Shared(storage)


class _Shared:
    """Windows that several processes count in."""

    def __init__(self, storage: str) -> None:
        self._storage: Any = storage_from_string(storage)

    def count(self, rate: RateLimitItem, name: str) -> tuple[int, int]:
        """Count one."""
        key = rate.key_for("api", name)
        found = int(self._storage.incr(key, rate.get_expiry()))
        return found, max(1, int(self._storage.get_expiry(key) - time.time()) + 1)

    def counted(self, rate: RateLimitItem, name: str) -> int:
        """Return how many there are."""
        return int(self._storage.get(rate.key_for("api", name)))

    def clear(self, rate: RateLimitItem, name: str) -> None:
        """Forget them."""
        self._storage.clear(rate.key_for("api", name))


class _Own:
    """Windows of this process: no thread for each request, and no more names than are asked about now."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, str], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def count(self, rate: RateLimitItem, name: str) -> tuple[int, int]:
        """Count one."""
        now, key = time.monotonic(), (rate.get_expiry(), name)
        with self._lock:
            if len(self._held) > _MOST:
                self._held = {known: one for known, one in self._held.items() if one[0] > now}
            end, found = self._held.get(key, (0.0, 0))
            if end <= now:
                end, found = now + rate.get_expiry(), 0
            self._held[key] = (end, found + 1)
        return found + 1, max(1, int(end - now) + 1)

    def counted(self, rate: RateLimitItem, name: str) -> int:
        """Return how many there are."""
        with self._lock:
            end, found = self._held.get((rate.get_expiry(), name), (0.0, 0))
        return found if end > time.monotonic() else 0

    def clear(self, rate: RateLimitItem, name: str) -> None:
        """Forget them."""
        with self._lock:
            self._held.pop((rate.get_expiry(), name), None)
