"""From a request to an answer: who asks, how often, what, and what is told; the same way for every operation."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

from flask import Response, g, request
from synergy.web.access import settings, store
from synergy.web.api import receive
from synergy.web.api.identity import admitted, request_id, who
from synergy.web.api.kept import Told, kept, key_of
from synergy.web.api.problems import MEDIA, ApiProblem, problem_of
from synergy.web.api.spec import Call, Mark, Operation, Proof, Record, Reply
from synergy.web.api.versions import etag, same
from synergy.web.limits import Left
from synergy.web.logs import out_of_reach
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from synergy.errors import SynergyError
from synergy.store.access import Actor, reach
from synergy.store.names import Role
from synergy.store.words import refusal
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
    receive.acceptable(spec, request)
    path = receive.places(spec, given)
    query = receive.query(spec, request)
    asked = receive.asked(spec, request)
    raw = request.get_data(cache=False) if Mark.RAW in spec.marks else b""
    return Call(store(), actor, lang, path, query, receive.body(spec, request), asked, raw)


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
