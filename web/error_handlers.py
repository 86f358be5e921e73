"""Error handlers: problem documents (RFC 9457) for API clients, HTML error pages for browsers."""

from __future__ import annotations

from flask import Flask, Response, make_response, redirect, request, url_for
from flask_wtf.csrf import CSRFError
from synergy.web.access import clock
from synergy.web.api.dispatch import told_problem
from synergy.web.api.problems import ApiProblem, code_of
from synergy.web.logs import out_of_reach
from synergy.web.render import language, page
from synergy.web.texts import WORDS, word
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from synergy.errors import (
    ConflictError,
    DatasetError,
    DeniedError,
    NotFoundError,
    RefusedError,
    StoreError,
    SynergyError,
    UnavailableError,
)

STATUSES: tuple[tuple[type[SynergyError], int], ...] = (
    (NotFoundError, 404),
    (DeniedError, 403),
    (ConflictError, 409),
    (UnavailableError, 503),
    (RefusedError, 422),
    (DatasetError, 422),
)
RETRY_S = 2


def answers(app: Flask) -> None:
    """Register the handlers for HTTP exceptions and for `SynergyError`."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SynergyError, _own)


def status_of(error: SynergyError) -> int:
    """Return the HTTP status of a `SynergyError`; 401 if the request is not authenticated, 500 for unmapped types."""
    if isinstance(error, StoreError) and error.code == "signed_out":
        return 401
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def said(error: SynergyError, lang: str) -> str:
    """Return the message of a `SynergyError` in one language, with timestamps in the time zone of the pages.

    API clients get timestamps in UTC. Details of an unreachable database are only logged.
    """
    if isinstance(error, UnavailableError):
        return word("failed.503", lang)
    sentence = error.said(lang) if isinstance(error, StoreError) else error.sentence(lang)
    return sentence if for_program() else clock().told(sentence)


def for_program() -> bool:
    """Return whether the request is for the API."""
    return request.path.startswith("/api/")


def _own(error: SynergyError) -> AnyResponse:
    status = status_of(error)
    out_of_reach(error)
    if status == 401 and not for_program() and request.method == "GET":
        onward = request.full_path.rstrip("?")
        return redirect(url_for("account.sign_in", lang=language(), next=onward), 303)
    answer = failure(status, said(error, language()))
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        answer.headers["Retry-After"] = str(RETRY_S)
    return answer


def _http(error: HTTPException) -> AnyResponse:
    status, lang = error.code or 500, language()
    key = "stale_form" if isinstance(error, CSRFError) else f"failed.{status}"
    answer = failure(status, word(key if key in WORDS else "failed.500", lang))
    # what else the error says, such as Allow
    answer.headers.extend([pair for pair in error.get_headers() if pair[0].lower() != "content-type"])
    return answer


def failure(status: int, detail: str) -> Response:
    """Return the error response: a problem document for the API, an HTML page with the detail otherwise."""
    if for_program():
        return told_problem(ApiProblem(code_of(status), (detail, detail)), language())
    answer = make_response(page("error.html", language(), text=detail, status=status))
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    answer.vary.add("Accept-Language")
    return answer
