"""Specification record of an API operation: request, response and errors; validation and docs derive from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from pydantic import BaseModel
from synergy.web.api.models import Page

from synergy.records.figures import Record
from synergy.store.access import Action, Actor, Caller
from synergy.store.rounds import StepOptions

PREFIX = "/api/v1"
JSON = "application/json"
BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP, CSV, BYTES, GRAPHML = "application/zip", "text/csv", "application/octet-stream", "application/graphml+xml"
OPERATIONS: dict[str, Operation] = {}


class AuthScheme(StrEnum):
    """Authentication scheme of an operation."""

    BEARER = "bearer"  # a token, within its scopes
    BASIC = "basic"  # name and password, for what a token may not do: tokens and passwords
    NONE = "none"  # nobody in particular


class Mark(StrEnum):
    """Request and response features of an operation beside its body."""

    VERSION = "version"  # If-Match is needed: the version of what is changed
    VERSION_IF_ANY = "version if any"  # If-Match is taken where it is given
    KEY = "key"  # Idempotency-Key is taken
    PAGED = "paged"  # limit and cursor; the answer is {items, next} with a Link
    STREAM = "stream"  # server-sent events where they are asked for
    RAW = "raw"  # the body is a file
    KEPT = "kept"  # the answer follows from the record of rounds and from who may see what, from no clock and no run


@dataclass(frozen=True, slots=True)
class Spec:
    """Specification of an API operation: request, response and problems.

    `answer` is None where the successful response has no JSON body; `problems` come in addition to those that the other
    fields imply. `action` is None for a public operation, `summary` is in English and Chinese, `takes` are the media
    types of a file (`Mark.RAW`), recognized by its bytes, and `lang` is the default language.
    """

    answer: type[BaseModel] | None
    status: int
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    marks: frozenset[Mark]
    problems: tuple[str, ...]
    media: str
    method: str = ""
    path: str = ""
    action: Action | None = None
    summary: tuple[str, str] = ("", "")
    proof: AuthScheme = AuthScheme.BEARER
    takes: tuple[str, ...] = (ZIP, JSON, BOOK, BYTES)
    lang: str = "zh"

    @property
    def places(self) -> tuple[str, ...]:
        """Return the names of the path parameters, in order."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def reads(self) -> bool:
        """Return whether the operation is read-only."""
        return self.method == "GET"


@dataclass(frozen=True, slots=True)
class Call:
    """A validated request: caller, language, path parameters, and instances of the query and body models.

    `asked` is the version from If-Match and the idempotency key, `raw` the body of operations marked `Mark.RAW`.
    """

    caller: Caller
    lang: str
    path: Mapping[str, Any]
    query: Any = None
    body: Any = None
    asked: StepOptions = field(default_factory=StepOptions)
    raw: bytes = field(default=b"", repr=False)

    @property
    def actor(self) -> Actor:
        """Return the account that asks."""
        return self.caller.actor


@dataclass(frozen=True, slots=True)
class HandlerResult:
    """Result of a handler: response body, version and headers in addition to the common ones.

    The body is a record, JSON that may contain records, bytes in the media type of the operation, or a stream. The
    version of the resource is part of the ETag, and sent back by clients in If-Match.
    """

    record: Record | Mapping[str, object] | bytes | Iterator[bytes] | None = None
    version: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], HandlerResult]


@dataclass(frozen=True, slots=True)
class Operation:
    """An API operation: name of its handler function, and as its tag that of the module; spec and handler."""

    name: str
    tag: str
    spec: Spec
    handler: Handler


# groups of operations, as they are shown
TAGS = (
    "rounds",
    "declarations",
    "proposals",
    "matches",
    "studies",
    "people",
    "notices",
    "keeping",
    "audit",
    "datasets",
    "hooks",
    "documents",
)


def in_order() -> list[Operation]:
    """Return all operations, ordered by tag."""
    return sorted(OPERATIONS.values(), key=lambda one: TAGS.index(one.tag))


def gives(
    answer: type[BaseModel] | None,
    *marks: Mark,
    status: int = 200,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    problems: tuple[str, ...] = (),
    media: str = JSON,
) -> Callable[[Handler], Operation]:
    """Return a decorator of a handler by the models of its operation, for `serves`; a list is asked for by pages."""
    query = Page if query is None and Mark.PAGED in marks else query
    spec = Spec(answer, status, query, body, frozenset(marks), problems, media)

    def decorated(handler: Handler) -> Operation:
        return Operation(handler.__name__, handler.__module__.rpartition(".")[2], spec, handler)

    return decorated


def serves(
    where: str,
    action: Action | None,
    summary: tuple[str, str],
    *,
    proof: AuthScheme = AuthScheme.BEARER,
    takes: tuple[str, ...] = (ZIP, JSON, BOOK, BYTES),
    lang: str = "zh",
) -> Callable[[Operation], Handler]:
    """Return a decorator that registers an operation at its method and path, such as ``GET /rounds/{round}``.

    Raises
    ------
    ValueError
        An operation of that name is already registered.
    """
    method, path = where.split()

    def decorated(one: Operation) -> Handler:
        if one.name in OPERATIONS:
            raise ValueError(f"{one.name}: two operations of this name")
        spec = replace(
            one.spec, method=method, path=path, action=action, summary=summary, proof=proof, takes=takes, lang=lang
        )
        OPERATIONS[one.name] = replace(one, spec=spec)
        return one.handler

    return decorated
