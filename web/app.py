"""The factory: pages, API, headers and errors put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from web.api import api
from web.pages import pages
from web.texts import HTML_LANG, LANGUAGES, word

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "interest-cohort=()",
}


def create_app(rounds: Sequence[Mapping[str, Any]]) -> Flask:
    """Return the application.

    Parameters
    ----------
    rounds : sequence of mapping
        Records of rounds (`synergy.records.rounds`); the last one is shown.

    Returns
    -------
    flask.Flask
    """
    app = Flask(__name__)
    app.config["ROUNDS"] = list(rounds)
    app.jinja_env.globals.update(word=word, html_lang=HTML_LANG)
    app.register_blueprint(pages)
    app.register_blueprint(api)
    app.after_request(_guarded)
    app.register_error_handler(HTTPException, _failed)
    app.add_url_rule("/", "start", _start)
    return app


def language() -> str:
    """Return the language of the address, else the one the browser likes best."""
    first = request.path.split("/")[1] if "/" in request.path else ""
    if first in LANGUAGES:
        return first
    return request.accept_languages.best_match(LANGUAGES, "zh") or "zh"


def _start() -> AnyResponse:
    answer = redirect(url_for("pages.proposals", lang=language()))
    answer.vary.add("Accept-Language")
    return answer


def _guarded(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _failed(error: HTTPException) -> Response:
    """Return a problem document (RFC 9457) to programs, a page to people."""
    status = error.code or 500
    key = {404: "not_found", 405: "wrong_method"}.get(status, "failed")
    lang = language()
    if request.path.startswith("/api/"):
        response = jsonify(type="about:blank", title=word(key, lang), status=status, instance=request.path)
        response.content_type = "application/problem+json"
    else:
        response = make_response(render_template("error.html", lang=lang, text=word(key, lang)))
    response.status_code = status
    # what else the error says, such as Allow
    response.headers.extend([pair for pair in error.get_headers() if pair[0].lower() != "content-type"])
    response.vary.add("Accept-Language")
    return response
