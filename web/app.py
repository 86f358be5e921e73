"""Flask application factory: blueprints, security headers, error handlers, rate limits and access control."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import urlsplit

from flask import Flask, Response, g, redirect, request
from flask_compress import Compress
from synergy.web.access import SAFE, csrf, guard
from synergy.web.clock import Clock, numbered
from synergy.web.error_handlers import answers
from synergy.web.health import metered
from synergy.web.limits import counts, limit
from synergy.web.logs import logged
from synergy.web.register import register
from synergy.web.settings import ServerSettings
from synergy.web.sign_in import gate
from synergy.web.texts import HTML_LANG, word
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect

from synergy.records.figures import written
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
HTTPS = "max-age=31536000"


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
        here = redirect(_here(request.routing_exception.new_url))
        response.location, response.data = here.location, here.data
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", HTTPS)
    if request.endpoint != "static":
        _kept(response)
    elif response.status_code == 200:
        response.direct_passthrough = False
        response.make_sequence()  # a file is streamed, and what is streamed is not compressed
    return response


def _here(address: str) -> str:
    """Return the path and query of a URL without its host, since the Host header of a request is not trusted."""
    parts = urlsplit(address)
    return "/" + parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")


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
