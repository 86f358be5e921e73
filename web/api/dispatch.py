"""Request pipeline of all operations: authentication, rate limit, validation, handler, cache and response.

Cache keys contain the head of the audit chain, which every event of the store moves, and all that decides visibility:
role, enterprise and scopes. Authentication and authorization run for every request, before the cache is looked up.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import logging
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from flask import Response, current_app, g, request
from pydantic import BaseModel
from synergy.web.access import settings, store
from synergy.web.api.models import Page
from synergy.web.api.problems import MEDIA, ApiProblem, problem_of
from synergy.web.api.spec import AuthScheme, Call, HandlerResult, Mark, Operation
from synergy.web.api.validation import call_of, etag, same
from synergy.web.limits import Left, counted
from synergy.web.logs import out_of_reach, request_id
from synergy.web.render import Bounded
from synergy.web.sign_in import BusyError, checked
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge, TooManyRequests

from synergy.errors import DeniedError, SynergyError
from synergy.records.figures import Record
from synergy.records.names import Role
from synergy.store.access import Actor, Caller, reach
from synergy.store.accounts import PREFIX, actor_of_token, one_time
from synergy.store.commit import head
from synergy.store.messages import refusal
from synergy.texts import LANGUAGES

NOBODY = Actor("nobody", Role.READER, None, frozenset())
_LOG = logging.getLogger("synergy.api")
_NAME = "synergy.api.kept"
_MOST_BYTES = 32 << 20
_TOKEN = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{20,100}")
_SAID = ("name, password or token is wrong, expired or disabled", "用户名、密码或令牌有误、已过期或已停用")
_WORTH_BYTES = 500  # less is not made smaller


def language(default: str = "zh") -> str:
    """Return the language negotiated by Accept-Language, or the default if no supported one is accepted."""
    first = sorted(LANGUAGES, key=lambda one: one != default)  # `*` takes the first
    return request.accept_languages.best_match(first, default) or default


def perform(operation: Operation, given: dict[str, str]) -> Response:
    """Process a request and return the response; expected errors become problem documents."""
    lang = language(operation.spec.lang)
    try:
        actor, left = _admitted(operation)
        call = call_of(operation.spec, request, given, Caller(store(), actor), lang)
        answer = _answered(operation, call)
    except ApiProblem as problem:
        return told_problem(problem, lang)
    except SynergyError as error:
        out_of_reach(error)
        return told_problem(problem_of(error), lang)
    except RequestEntityTooLarge:
        return told_problem(ApiProblem("too_large"), lang)
    except ClientDisconnected:
        return told_problem(ApiProblem("malformed"), lang)
    _count_down(answer, left)
    return answer


def _admitted(operation: Operation) -> tuple[Actor, Left | None]:
    """Return the authenticated caller and its rate limit state, or raise; the request is not parsed yet."""
    spec = operation.spec
    if spec.proof is AuthScheme.NONE:
        return NOBODY, None
    actor = _signed_in(spec.proof)
    g.api_left = left = _counted(settings().api_rate, f"account:{actor.name}")
    if spec.action is not None and reach(actor, spec.action) is None:
        raise refusal("denied", role=str(actor.role), action=str(spec.action))
    return actor, left


def _signed_in(proof: AuthScheme) -> Actor:
    """Return the caller, authenticated by token or Basic; sessions are not accepted, as protection against CSRF."""
    given = request.authorization
    try:
        if given is not None and proof is AuthScheme.BEARER and given.type == "bearer" and given.token:
            if _TOKEN.fullmatch(given.token):
                return actor_of_token(store(), given.token)
        elif given is not None and proof is AuthScheme.BASIC and given.type == "basic":
            known = checked(str(given.username or "")[:200], str(given.password or "")[:1000])
            # a password that somebody else gave opens the page where it is changed, and nothing else
            if not one_time(store(), known):
                return known
    except DeniedError:
        pass
    except TooManyRequests as error:
        raise ApiProblem("too_many", headers={"Retry-After": str(error.retry_after)}) from error
    except BusyError as error:
        raise ApiProblem("unavailable", headers={"Retry-After": "2"}) from error
    if proof is AuthScheme.BEARER:
        _counted(settings().sign_in_rate, f"address:{request.remote_addr}")
    scheme = "Basic" if proof is AuthScheme.BASIC else "Bearer"
    raise ApiProblem("signed_out", _SAID, headers={"WWW-Authenticate": f'{scheme} realm="synergy"'})


def _counted(rate: str, name: str) -> Left | None:
    """Count a request against the rate limit of a key; return the remaining quota, None without a limit, or raise."""
    left = counted(rate, name)
    if left is not None and left.over:
        raise ApiProblem("too_many", headers={**left.headers, "Retry-After": str(left.reset)})
    return left


def _answered(operation: Operation, call: Call) -> Response:
    """Return the response of an operation: an event stream, or a complete response, possibly from the cache."""

    def make() -> CompleteResponse:
        return _whole(operation, operation.handler(call), call.lang)

    if Mark.KEPT in operation.spec.marks:
        return _dressed(_sent(operation, kept().find(key_of(operation, call), make)), call.lang)
    reply = operation.handler(call)
    if not isinstance(reply.record, Iterator):
        return _dressed(_sent(operation, _whole(operation, reply, call.lang)), call.lang)
    answer = Response(reply.record, operation.spec.status, mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    answer.headers.extend(reply.headers)
    return _dressed(answer, call.lang)


def _whole(operation: Operation, reply: HandlerResult, lang: str) -> CompleteResponse:
    """Return a complete response body, with an ETag for reads and versioned replies."""
    spec = operation.spec
    content = b"" if spec.status == 204 else _bytes(reply.record)
    tagged = spec.reads or reply.version is not None
    return CompleteResponse(content, etag(content, lang, reply.version) if tagged else None, reply.headers)


def _sent(operation: Operation, told: CompleteResponse) -> Response:
    """Build the HTTP response: 304 if the client has this ETag, else the body, gzip-encoded where possible."""
    spec, tag = operation.spec, told.tag
    wanted = g.get("if_match")
    if spec.reads and tag and wanted and not same(wanted, tag):
        raise ApiProblem("stale")
    if spec.reads and tag and same(request.headers.get("If-None-Match"), tag):
        answer = Response(b"", 304)
    elif told.zipped and request.accept_encodings.quality("gzip") > 0:
        answer = Response(told.zipped, spec.status, mimetype=spec.media)
        answer.headers["Content-Encoding"] = "gzip"
        answer.vary.add("Accept-Encoding")
        tag = f'{tag[:-1]}:gzip"' if tag else tag  # as other compressed answers have it
    else:
        answer = Response(told.content, spec.status, mimetype=spec.media)
    answer.headers["Cache-Control"] = "private, no-cache" if spec.reads else "no-store"
    if tag:
        answer.headers["ETag"] = tag
    answer.headers.extend(told.headers)
    return answer


def _bytes(told: object) -> bytes:
    if isinstance(told, bytes):
        return told
    return json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode()


def _plain(value: object) -> dict[str, object]:
    """Return a record, anywhere in the content of a response, as plain JSON."""
    if isinstance(value, Record):
        return value.document()
    raise TypeError(f"{type(value).__name__} is no JSON")


def told_problem(problem: ApiProblem, lang: str) -> Response:
    """Return the response with the problem document of a problem, in ``zh`` or ``en``."""
    told = problem.record(lang, request.path, request_id())
    answer = Response(_bytes(told), problem.status, mimetype=MEDIA)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers.extend(problem.headers)
    if problem.status >= 500:
        _LOG.error("problem %s", problem.code, extra={"request_id": request_id()})
    _count_down(answer, g.get("api_left"))
    return _dressed(answer, lang)


def _dressed(answer: Response, lang: str) -> Response:
    answer.headers["Content-Language"] = {"zh": "zh-CN"}.get(lang, lang)
    answer.headers["X-Request-ID"] = request_id()
    answer.vary.update(("Accept-Language", "Authorization"))
    return answer


def _count_down(answer: Response, left: Left | None) -> None:
    if left is not None:
        for name, value in left.headers.items():
            answer.headers.setdefault(name, value)


@dataclass(frozen=True, slots=True)
class CompleteResponse:
    """A complete response body with its ETag and extra headers; `zipped` is empty if the body is not compressed."""

    content: bytes
    tag: str | None
    headers: Mapping[str, str]
    zipped: bytes = b""

    def size(self) -> int:
        """Return the size in bytes of the plain and the compressed body."""
        return len(self.content) + len(self.zipped)


class Kept(Bounded[CompleteResponse]):
    """Cache of responses, bounded by total size in bytes; larger bodies are stored gzip-compressed as well."""

    def __init__(self, most: int = _MOST_BYTES) -> None:
        super().__init__(most, CompleteResponse.size)

    def find(self, key: Hashable, make: Callable[[], CompleteResponse]) -> CompleteResponse:
        """Return the cached response of a key; create it on a miss."""
        return super().find(key, lambda: _zipped(make()))


def key_of(operation: Operation, call: Call) -> Hashable:
    """Return the cache key: operation, path, query, language, caller's permissions and head of the audit chain."""
    actor, path = call.actor, tuple(sorted(call.path.items()))
    seen = (str(actor.role), actor.enterprise, actor.scopes)
    return operation.name, path, request.query_string, call.lang, seen, head(call.caller.store)


def kept() -> Kept:
    """Return the response cache of the application."""
    return cast(Kept, current_app.extensions.setdefault(_NAME, Kept()))


def _zipped(told: CompleteResponse) -> CompleteResponse:
    if len(told.content) < _WORTH_BYTES:
        return told
    return CompleteResponse(told.content, told.tag, told.headers, gzip.compress(told.content, 6, mtime=0))


def paged(rows: Sequence[BaseModel], key: str, query: Page) -> HandlerResult:
    """Return one page of a complete list as ``{items, next}``, with a Link header (RFC 8288) if a page follows.

    The rows are in a stable order, and identified by the field `key`.

    Raises
    ------
    ApiProblem
        The cursor is invalid.
    """
    start = 0 if query.cursor is None else _start(rows, key, query.cursor)
    return page_of(rows[start : start + query.limit + 1], key, query, start)


def page_of(rows: Sequence[BaseModel], key: str, query: Page, start: int = 0) -> HandlerResult:
    """Return one page of rows already selected, after `start` others if known; an extra row means that more follow."""
    items = list(rows[: query.limit])
    follows = _cursor(start + len(items), _value(items[-1], key)) if len(rows) > len(items) else None
    headers = {}
    if follows is not None:
        asked = query.model_dump(exclude_none=True, mode="json") | {"cursor": follows}
        headers["Link"] = f'<{request.path}?{urlencode(asked)}>; rel="next"'
    return HandlerResult({"items": items, "next": follows}, headers=headers)


def _value(row: BaseModel, key: str) -> int | str:
    """Return the identifier of a row as a cursor holds it."""
    value = getattr(row, key)
    return value if isinstance(value, int) else str(value)


def _cursor(place: int, last: int | str) -> str:
    return base64.urlsafe_b64encode(json.dumps([place, last], separators=(",", ":")).encode()).decode().rstrip("=")


def last_of(query: Page) -> object:
    """Return the identifier of the last row of the previous page; None on the first page."""
    return None if query.cursor is None else _place(query.cursor)[1]


def bad_cursor() -> ApiProblem:
    """Return the problem raised for an invalid cursor."""
    said = ("the cursor was not made by this list; begin again without one", "游标并非由此列表生成；请不带游标重新开始")
    return ApiProblem("invalid", errors=[("cursor", "cursor", *said)])


def _place(cursor: str) -> tuple[int, object]:
    try:
        place, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place <= 2**31:
            raise ValueError(cursor)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise bad_cursor() from error
    return place, last


def _start(rows: Sequence[BaseModel], key: str, cursor: str) -> int:
    """Return the start index of a page: after the last row shown, or at the stored offset if that row is gone."""
    place, last = _place(cursor)
    if place and place <= len(rows) and _value(rows[place - 1], key) == last:
        return place
    return next((number for number, row in enumerate(rows, start=1) if _value(row, key) == last), place)
