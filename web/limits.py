"""How often one address may ask; each application counts for itself."""

from __future__ import annotations

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from synergy.web.access import APART, settings
from synergy.web.api.limits import counts

_UNCOUNTED = ("static", "health.alive", "health.ready", "metrics")


def limit(app: Flask) -> None:
    """Count requests; whoever sends too many is told when to come back (429).

    Whose token or session it is does not matter: wrong ones are counted like right ones, by address.
    """
    limiter = Limiter(get_remote_address, app=app, application_limits=[_rate], retry_after="delta-seconds")
    app.extensions["synergy.limiter"] = limiter  # the views know it weakly
    for endpoint, view in app.view_functions.items():
        # the API counts by account
        if endpoint in _UNCOUNTED or endpoint.startswith(f"{APART}."):
            limiter.exempt(view)
    counts(app, app.extensions["synergy.settings"])


def _rate() -> str:
    given = settings()
    return given.api_rate if request.path.startswith("/api/") else given.page_rate
