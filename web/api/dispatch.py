"""From a request to an answer: who asks, how often, what, and what is told; the same way for every operation.

Every event of a store moves the head of its chain. The head that an answer was made at is part of its key, as is all
that decides who sees what: role, enterprise and scopes. Who asks, and whether it may, is asked anew each time before.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import logging
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from flask import Response, current_app, g, request
from pydantic import BaseModel, ConfigDict, Field
from synergy.web.access import settings, store
from synergy.web.api import validation
from synergy.web.api.identity import admitted, request_id, who
from synergy.web.api.problems import MEDIA, ApiProblem, problem_of
from synergy.web.api.spec import Call, Mark, Operation, Proof, Record, Reply
from synergy.web.api.versions import etag, same
from synergy.web.limits import Left
from synergy.web.logs import out_of_reach
from synergy.web.page_cache import Bounded
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from synergy.errors import SynergyError
from synergy.store.access import Actor, reach
from synergy.store.commit import head
from synergy.store.messages import refusal
from synergy.store.names import Role
from synergy.texts import LANGUAGES

NOBODY = Actor("nobody", Role.READER, None, frozenset())
_LOG = logging.getLogger("synergy.api")


def language(default: str = "zh") -> str:
    """Return the language that is wanted, the default where none of ours is named."""
    first = sorted(LANGUAGES, key=lambda one: one != default)  # `*` takes the first
    return request.accept_languages.best_match(first, default) or default


def perform(operation: Operation, given: dict[str, str]) -> Response:
    """Answer a request.

    Parameters
    ----------
    operation : Operation
        What is asked for.
    given : dict of str to str
        What stands for the names in the path.

    Returns
    -------
    flask.Response
        Whatever happens: problems are documents too.
    """
    lang = language(operation.spec.lang)
    try:
        actor, left = _admitted(operation)
        call = _checked(operation, given, actor, lang)
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
    """Return who asks and how often it may still, or raise; what is asked for has not been looked at yet."""
    spec = operation.spec
    if spec.proof is Proof.NONE:
        return NOBODY, None
    actor = who(request, spec.proof)
    g.api_left = left = admitted(settings().api_rate, f"account:{actor.name}")
    if spec.action is not None and reach(actor, spec.action) is None:
        raise refusal("denied", role=str(actor.role), action=str(spec.action))
    return actor, left


def _checked(operation: Operation, given: dict[str, str], actor: Actor, lang: str) -> Call:
    spec = operation.spec
    validation.acceptable(spec, request)
    path = validation.places(spec, given)
    query = validation.query(spec, request)
    asked = validation.asked(spec, request)
    raw = request.get_data(cache=False) if Mark.RAW in spec.marks else b""
    return Call(store(), actor, lang, path, query, validation.body(spec, request), asked, raw)


def _answered(operation: Operation, call: Call) -> Response:
    """Return what an operation answers: a stream, or something whole, which may be kept."""

    def make() -> Told:
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


def _whole(operation: Operation, reply: Reply, lang: str) -> Told:
    """Return an answer that is all there, with its ETag where it has one."""
    spec = operation.spec
    content = b"" if spec.status == 204 else _bytes(reply.record)
    tagged = spec.reads or reply.version is not None
    return Told(content, etag(content, lang, reply.version) if tagged else None, reply.headers)


def _sent(operation: Operation, told: Told) -> Response:
    """Return the answer to this request, unchanged where the caller has it already."""
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


def _bytes(record: Any) -> bytes:
    if isinstance(record, bytes):
        return record
    if isinstance(record, str):
        return record.encode()
    return json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def told_problem(problem: ApiProblem, lang: str) -> Response:
    """Return the answer that a problem is told by.

    Parameters
    ----------
    problem : ApiProblem
    lang : str
        ``zh`` or ``en``.
    """
    record: Record = problem.record(lang, request.path, request_id())
    answer = Response(_bytes(record), problem.status, mimetype=MEDIA)
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


_NAME = "synergy.api.kept"
_MOST_BYTES = 32 << 20
_WORTH_BYTES = 500  # less is not made smaller


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that is all there.

    Parameters
    ----------
    content, zipped : bytes
        As it is, and by gzip; the latter empty where that was not done.
    tag : str or None
        Its ETag.
    headers : mapping of str to str
        Beside those of every answer.
    """

    content: bytes
    tag: str | None
    headers: Mapping[str, str]
    zipped: bytes = b""

    @property
    def size(self) -> int:
        """Return the bytes that it takes."""
        return len(self.content) + len(self.zipped)


class Kept(Bounded[Told]):
    """Answers by what they follow from, each kept compressed too.

    Parameters
    ----------
    most : int
        Bytes in all.
    """

    def __init__(self, most: int = _MOST_BYTES) -> None:
        super().__init__(most)

    def find(self, key: Hashable, make: Callable[[], Told]) -> Told:
        """Return what is kept under a key, made where there is nothing."""
        return super().find(key, lambda: _zipped(make()))


def key_of(operation: Operation, call: Call) -> Hashable:
    """Return all that an answer follows from: what is asked, as whom, in which language, and the head of the chain."""
    actor, path = call.actor, tuple(sorted(call.path.items()))
    seen = (str(actor.role), actor.enterprise, actor.scopes)
    return operation.name, path, request.query_string, call.lang, seen, head(call.store)


def kept() -> Kept:
    """Return the answers that this application keeps."""
    return cast(Kept, current_app.extensions.setdefault(_NAME, Kept()))


def _zipped(told: Told) -> Told:
    if len(told.content) < _WORTH_BYTES:
        return told
    return Told(told.content, told.tag, told.headers, gzip.compress(told.content, 6, mtime=0))


LONGEST = 200  # rows on one page
USUAL = 50


class Page(BaseModel):
    """Which part of a list is wanted."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(USUAL, ge=1, le=LONGEST, description="Rows on one page.")
    cursor: str | None = Field(None, max_length=300, description="`next` of the page before; opaque.")


def paged(rows: Sequence[Record], key: str, query: Page, path: str) -> Reply:
    """Return one page of a list.

    Parameters
    ----------
    rows : sequence of dict
        The whole list, in an order that stays.
    key : str
        What names a row.
    query : Page
        What was asked.
    path : str
        Of the list, for the link to the next page.

    Returns
    -------
    Reply
        ``{items, next}``, with a Link (RFC 8288) where there is a next page.

    Raises
    ------
    ApiProblem
        The cursor was not made here.
    """
    start = 0 if query.cursor is None else _start(rows, key, query.cursor)
    return page_of(rows[start : start + query.limit + 1], key, query, path, start)


def page_of(rows: Sequence[Record], key: str, query: Page, path: str, start: int = 0) -> Reply:
    """Return one page of which the rows are known already, with one more where there is another page.

    Parameters
    ----------
    rows, key, query, path
        As for `paged`; at most one row more than fits.
    start : int
        Rows before it, where they are counted.
    """
    items = list(rows[: query.limit])
    follows = _cursor(start + len(items), items[-1][key]) if len(rows) > len(items) else None
    headers = {}
    if follows is not None:
        asked = query.model_dump(exclude_none=True, mode="json") | {"cursor": follows}
        headers["Link"] = f'<{path}?{urlencode(asked)}>; rel="next"'
    return Reply({"items": items, "next": follows}, headers=headers)


def _cursor(place: int, last: object) -> str:
    return base64.urlsafe_b64encode(json.dumps([place, last], separators=(",", ":")).encode()).decode().rstrip("=")


def last_of(query: Page) -> object:
    """Return what names the last row of the page before; None where there was none."""
    return None if query.cursor is None else _place(query.cursor)[1]


def bad_cursor() -> ApiProblem:
    """Return what to raise where a cursor was not made here."""
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


def _start(rows: Sequence[Record], key: str, cursor: str) -> int:
    """Return where a page begins: behind the last row that was shown, or at its old place where that is gone."""
    place, last = _place(cursor)
    if place and place <= len(rows) and rows[place - 1][key] == last:
        return place
    return next((number for number, row in enumerate(rows, start=1) if row[key] == last), place)
