"""Rate limiting with fixed windows, counted in this process or in shared storage."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

from flask import Flask, Response, current_app, g, request
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from synergy.web.access import APART, settings
from synergy.web.settings import ServerSettings
from werkzeug.exceptions import TooManyRequests

_UNCOUNTED = frozenset({"static", "health.alive", "health.ready", "metrics"})
_NAME = "synergy.counter"


@dataclass(frozen=True, slots=True)
class Left:
    """Remaining quota of a rate limit window: `reset` seconds until the next one, `over` if the limit is exceeded."""

    limit: int
    remaining: int
    reset: int
    over: bool

    @property
    def headers(self) -> dict[str, str]:
        """Return the RateLimit response headers."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class Counter:
    """Fixed-window request counter by name: ``memory://`` for this process alone, ``redis://...`` for several."""

    def __init__(self, storage: str) -> None:
        self._windows = FixedWindowRateLimiter(storage_from_string(storage))

    def count(self, rate: RateLimitItem, name: str) -> Left:
        """Count one request under a name and return the remaining quota."""
        over = not self._windows.hit(rate, name)
        end, remaining = self._windows.get_window_stats(rate, name)
        return Left(rate.amount, remaining, max(1, int(end - time.time()) + 1), over)

    def full(self, rate: RateLimitItem, name: str) -> bool:
        """Return whether one more request would exceed the limit."""
        return not self._windows.test(rate, name)

    def clear(self, rate: RateLimitItem, name: str) -> None:
        """Reset the count of a name in the current window."""
        self._windows.clear(rate, name)


def counts(app: Flask, given: ServerSettings) -> Counter:
    """Create the request counter of an application and register it as an extension."""
    app.extensions[_NAME] = found = Counter(given.limit_storage)
    return found


def counted(rate: str, name: str) -> Left | None:
    """Count a request under a name; return the remaining quota, or None if rate limiting is disabled."""
    if not settings().limited:
        return None
    return cast(Counter, current_app.extensions[_NAME]).count(parse(rate), name)


def limit(app: Flask) -> None:
    """Rate-limit page requests by client address; respond 429 with Retry-After above the limit."""
    app.before_request(_counted)
    app.after_request(_told)


def _counted() -> None:
    # the API counts by account
    if request.endpoint is None or request.endpoint in _UNCOUNTED or request.blueprint == APART:
        return
    g.page_left = left = counted(settings().page_rate, f"page:{request.remote_addr}")
    if left is not None and left.over:
        raise TooManyRequests(retry_after=left.reset)


def _told(response: Response) -> Response:
    left: Left | None = g.get("page_left")
    if left is not None:
        ends = {"RateLimit-Reset": str(int(time.time()) + left.reset)}
        response.headers.extend({f"X-{name}": value for name, value in (left.headers | ends).items()})
    return response
