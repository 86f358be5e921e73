"""Health check and metrics endpoints for monitoring: liveness, readiness and Prometheus metrics."""

from __future__ import annotations

import ipaddress
import time

from flask import Blueprint, Flask, Response, abort, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from synergy.web.access import public, settings, store

from synergy.errors import SynergyError
from synergy.solvers import highs
from synergy.store import readiness

room = Blueprint("health", __name__)
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")
_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@room.get("/healthz")
@public
def alive() -> Response:
    """Return 200 if the process is alive (liveness check)."""
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@room.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """Return the readiness of solver, store and workers: 200 if all are ready, 503 otherwise."""
    try:
        highs()
        solver = True
    except SynergyError:
        solver = False
    told = {"solver": solver, **readiness.ready(store())}
    fits = all(told.values())
    answer = jsonify(ready=fits, **told)
    answer.headers["Cache-Control"] = "no-store"
    return answer, 200 if fits else 503


def metered(app: Flask) -> None:
    """Collect Prometheus metrics of request counts and durations, and serve them at ``/metrics``."""
    registry = CollectorRegistry()
    labels = ("method", "route", "status")
    requests = Counter("synergy_requests", "Requests answered.", labels, registry=registry)
    seconds = Histogram("synergy_seconds", "How long answers took.", ("route",), buckets=_BUCKETS, registry=registry)
    started = Gauge("synergy_started", "When the process began to serve, in seconds of Unix time.", registry=registry)
    started.set_to_current_time()

    def begin() -> None:
        g.metered = time.perf_counter()

    def count(response: Response) -> Response:
        # the pattern, never the address: it may hold the code of a proposal
        route = request.url_rule.rule if request.url_rule else "-"
        requests.labels(request.method, route, response.status_code).inc()
        seconds.labels(route).observe(time.perf_counter() - g.get("metered", time.perf_counter()))
        return response

    @public
    def metrics() -> Response:
        if not _near():
            abort(404)
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    app.before_request(begin)
    app.after_request(count)
    app.add_url_rule("/metrics", "metrics", metrics)


def _near() -> bool:
    """Return whether the request comes from the loopback address and was not forwarded by a local proxy."""
    if settings().proxies == 0 and any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
