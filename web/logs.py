"""Logs: one JSON object a line, on the standard error; no figure of a firm, no password, no token, no address query."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

from flask import Flask, Response, g, request
from synergy.web.api.identity import request_id

from synergy.errors import SynergyError, UnavailableError

NAME = "synergy.web"
FIELDS = ("request_id", "method", "path", "status", "seconds", "bytes", "remote", "account")
_LOG = logging.getLogger(NAME)
# ends of lines beside \n, and marks that turn or hide what is read: readers of a log would be led astray
_UNSEEN = re.compile("[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class Lines(logging.Formatter):
    """One JSON object for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line; of an error only its kind and where it was, for its message may hold figures."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        told["event"] = record.getMessage() if record.exc_info is None else "error"
        told |= {name: value for name in FIELDS if (value := record.__dict__.get(name)) is not None}
        if record.exc_info and record.exc_info[1] is not None:
            told |= _fault(record.exc_info[1])
        return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(told, ensure_ascii=False))


def _fault(error: BaseException) -> dict[str, Any]:
    """Return the kind of an error and the calls that led to it, without what they were called with."""
    calls = traceback.extract_tb(error.__traceback__)
    return {"kind": type(error).__name__, "calls": [f"{one.filename}:{one.lineno} {one.name}" for one in calls[-8:]]}


def to_stream(stream: TextIO | None = None) -> logging.Handler:
    """Write all logs of this process as lines of JSON.

    Parameters
    ----------
    stream : file, optional
        The standard error where none is given.

    Returns
    -------
    logging.Handler
        It is the root's only one.
    """
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
    """Log why the database did not answer, where that is what an error says: visitors are told that it did not."""
    if isinstance(error, UnavailableError):
        _LOG.error("%s", error.said("en"), extra={"request_id": request_id()})


def logged(app: Flask) -> None:
    """Let an application log each request that it answered."""
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
