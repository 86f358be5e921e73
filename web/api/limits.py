"""How often somebody may ask: a window for each account, and one for each address that fails to sign in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app
from limits import RateLimitItem, parse
from synergy.web.api.problems import ApiProblem
from synergy.web.settings import Settings
from synergy.web.windows import windows

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
        Rates of accounts (`api_rate`) and of addresses that send wrong tokens (`sign_in_rate`).
    """

    def __init__(self, settings: Settings) -> None:
        self._limited = settings.limited
        self._account, self._address = parse(settings.api_rate), parse(settings.sign_in_rate)
        self._windows = windows(settings.limit_storage)

    def account(self, name: str) -> Left | None:
        """Count a request of an account; None where nothing is counted.

        Raises
        ------
        ApiProblem
            Too many.
        """
        return self._take(self._account, "account", name)

    def address(self, name: str) -> Left | None:
        """Count a wrong token of an address.

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


def counts(app: Flask, settings: Settings) -> None:
    """Let an application count the requests of its API."""
    app.extensions[_NAME] = Limiter(settings)


def limiter() -> Limiter:
    """Return the limiter of this application."""
    found: Limiter = current_app.extensions[_NAME]
    return found
