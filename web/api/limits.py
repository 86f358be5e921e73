"""How often somebody may ask: a window for each account, and one for each address that fails to sign in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from web.api.problems import ApiProblem
from web.settings import Settings

_NAME = "synergy.api.limiter"


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
        self._windows = FixedWindowRateLimiter(storage_from_string(settings.limit_storage))

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
        enough = self._windows.hit(rate, "api", kind, name)
        stats = self._windows.get_window_stats(rate, "api", kind, name)
        left = Left(rate.amount, stats.remaining, max(1, int(stats.reset_time - time.time()) + 1))
        if not enough:
            raise ApiProblem("too_many", headers={**left.headers, "Retry-After": str(left.reset)})
        return left


def counts(app: Flask, settings: Settings) -> None:
    """Let an application count the requests of its API."""
    app.extensions[_NAME] = Limiter(settings)


def limiter() -> Limiter:
    """Return the limiter of this application."""
    found: Limiter = current_app.extensions[_NAME]
    return found
