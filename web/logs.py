"""Structured logging: one JSON object per line on standard error, without business data, credentials or queries."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import TextIO

from flask import Flask, Response, g, request

from synergy.errors import SynergyError, UnavailableError

NAME = "synergy.web"
FIELDS = ("request_id", "method", "path", "status", "seconds", "bytes", "remote", "account")
_LOG = logging.getLogger(NAME)
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# ends of lines beside \n, and marks that turn or hide what is read: readers of a log would be led astray
_UNSEEN = re.compile("[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class Lines(logging.Formatter):
    """Log formatter that writes each record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a log record as JSON; of exceptions only type and call stack, as messages may hold business data."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, object] = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        told["event"] = record.getMessage() if record.exc_info is None else "error"
        told |= {name: value for name in FIELDS if (value := record.__dict__.get(name)) is not None}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            calls = traceback.extract_tb(error.__traceback__)[-8:]
            told |= {
                "kind": type(error).__name__,
                "calls": [f"{one.filename}:{one.lineno} {one.name}" for one in calls],
            }
        return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(told, ensure_ascii=False))


def to_stream(stream: TextIO | None = None) -> logging.Handler:
    """Configure the root logger to write all logs of this process as JSON lines; return its only handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # what a server says of itself is said by `synergy serve`; SQL and its values are nobody's business
    for name in ("waitress", "sqlalchemy", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return handler


def out_of_reach(error: SynergyError) -> None:
    """Log the cause of an `UnavailableError`; the response to the client omits it. Ignore other errors."""
    if isinstance(error, UnavailableError):
        _LOG.error("%s", error.said("en"), extra={"request_id": request_id()})


def logged(app: Flask) -> None:
    """Register the request logging of an application."""
    app.before_request(_begin)
    app.after_request(_ended)


def _begin() -> None:
    g.began = time.perf_counter()


def _ended(response: Response) -> Response:
    response.headers.setdefault("X-Request-ID", request_id())
    if _LOG.isEnabledFor(logging.INFO):
        known = g.get("visitor")
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        told = {
            "request_id": request_id(),
            "method": request.method,
            "path": request.path[:300],
            "status": response.status_code,
            "seconds": round(seconds, 4),
            "bytes": response.content_length,
            "remote": request.remote_addr,
            "account": None if known is None else known.name,
        }
        _LOG.info("request", extra=told)
    return response


def request_id() -> str:
    """Return the request id: the X-Request-ID of the client if valid, else a new one."""
    found = g.get("request_id")
    if found is None:
        given = request.headers.get("X-Request-ID", "")
        found = g.request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
    return str(found)
