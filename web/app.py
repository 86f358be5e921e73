"""Flask application factory: security and caching headers, health checks and metrics; all else is installed here."""

from __future__ import annotations

import ipaddress
import time
from hashlib import sha256
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, g, jsonify, redirect, request
from flask_compress import Compress
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from synergy.web.access import SAFE, csrf, guard, public
from synergy.web.access import settings as current_settings
from synergy.web.access import store as current_store
from synergy.web.clock import Clock, numbered
from synergy.web.error_handlers import answers
from synergy.web.limits import counts, limit
from synergy.web.logs import logged
from synergy.web.register import register
from synergy.web.settings import ServerSettings
from synergy.web.sign_in import gate
from synergy.web.texts import HTML_LANG, word
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect

from synergy.errors import SynergyError
from synergy.records.figures import written
from synergy.solvers import highs
from synergy.store import leases
from synergy.store.store import Store

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
health = Blueprint("health", __name__)
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")
_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


def create_app(store: Store, settings: ServerSettings | None = None) -> Flask:
    """Create the Flask application for a store, which the caller closes; settings are the defaults if omitted."""
    settings = settings or ServerSettings()
    app = Flask("synergy.web")
    app.config.update(settings.flask())
    app.extensions["synergy.store"], app.extensions["synergy.settings"] = store, settings
    numbered(app)
    app.jinja_env.globals.update(word=word, html_lang=HTML_LANG, clock=Clock(settings.zone))
    app.jinja_env.filters["written"] = written
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Compress(app)  # first: it comes last, on the answer as it goes out
    app.after_request(_guarded)
    logged(app)
    if settings.metrics:
        metered(app)
    csrf.init_app(app)
    app.before_request(_as_get)
    app.before_request(_unconditional)
    app.before_request(guard)
    gate(app, settings, counts(app, settings))
    answers(app)
    register(app)
    app.register_blueprint(health)
    limit(app)
    app.after_request(_as_asked)  # last: it comes first, before what logs and counts
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _as_get() -> None:
    """Dispatch HEAD requests as GET. The WSGI environment keeps HEAD, so the response is sent without a body."""
    if request.method == "HEAD":
        request.method = "GET"


def _as_asked(response: Response) -> Response:
    """Restore the original request method after `_as_get` changed it."""
    request.method = request.environ["REQUEST_METHOD"]
    return response


def _unconditional() -> None:
    """Move the If-Match header of safe requests to `g.if_match`, because the API evaluates the precondition itself."""
    if request.method in SAFE:
        g.if_match = request.environ.pop("HTTP_IF_MATCH", None)


def _guarded(response: Response) -> Response:
    """Add the security and caching headers to a response."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if isinstance(request.routing_exception, RequestRedirect):  # to the slash; no handler of errors is asked
        parts = urlsplit(request.routing_exception.new_url)  # its host is not trusted
        here = redirect("/" + parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else ""))
        response.location, response.data = here.location, here.data
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        _kept(response)
    elif response.status_code == 200:
        response.direct_passthrough = False
        response.make_sequence()  # a file is streamed, and what is streamed is not compressed
    return response


def _kept(response: Response) -> None:
    """Set Cache-Control: pages must be revalidated by ETag; pages with a form, and errors, are not stored."""
    response.vary.update(("Cookie", "Authorization"))
    if "Cache-Control" in response.headers:
        return
    with_form = response.mimetype == "text/html" and b'name="csrf_token"' in response.get_data()
    if response.status_code != 200 or request.method not in ("GET", "HEAD") or response.is_streamed or with_form:
        response.headers["Cache-Control"] = "no-store"
        return
    response.headers["Cache-Control"] = "private, no-cache"
    if response.get_etag()[0] is None:
        language = response.headers.get("Content-Language", "").encode()
        response.set_etag(sha256(language + b"\0" + response.get_data()).hexdigest()[:32])
        response.make_conditional(request)  # what is compressed gets a tag of its own and is asked about again there


@health.get("/healthz")
@public
def alive() -> Response:
    """Return 200 if the process is alive (liveness check)."""
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@health.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """Return the readiness of solver, store and workers: 200 if all are ready, 503 otherwise."""
    try:
        highs()
        solver = True
    except SynergyError:
        solver = False
    told = {"solver": solver, **leases.ready(current_store())}
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
    if current_settings().proxies == 0 and any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
