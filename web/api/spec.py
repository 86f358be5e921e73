"""Specification record of an API operation: request, response and errors; validation and docs derive from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from synergy.store.access import Action, Actor
from synergy.store.rounds import StepOptions
from synergy.store.store import Store

PREFIX = "/api/v1"
JSON = "application/json"
BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP, CSV, BYTES = "application/zip", "text/csv", "application/octet-stream"
Record = dict[str, Any]
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

    Parameters
    ----------
    method, path : str
        ``GET`` and ``/rounds/{round}``.
    action : synergy.store.access.Action or None
        Action that the caller must be permitted; None for a public operation.
    summary : tuple of str
        Summary in English and Chinese.
    answer : type of BaseModel or None
        Model of the successful response; None if it has no JSON body.
    status : int
        Status code of the successful response.
    query, body : type of BaseModel or None
        Models of the query parameters and of the request body.
    marks : frozenset of Mark
    problems : tuple of str
        Codes of `synergy.web.api.problems` in addition to those implied by the other fields.
    proof : AuthScheme
    media : str
        Media type of the successful response.
    takes : tuple of str
        Media types accepted by operations marked `Mark.RAW`; the actual type is detected from the bytes.
    lang : str
        Default language of the response.
    """

    method: str
    path: str
    action: Action | None
    summary: tuple[str, str]
    answer: type[BaseModel] | None = None
    status: int = 200
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    marks: frozenset[Mark] = frozenset()
    problems: tuple[str, ...] = ()
    proof: AuthScheme = AuthScheme.BEARER
    media: str = JSON
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
    """A validated request.

    Parameters
    ----------
    store : Store
    actor : Actor
        Authenticated caller.
    lang : str
        ``zh`` or ``en``.
    path : mapping
        Values of the path parameters.
    query, body : Any
        Instances of the query and body models of the operation.
    asked : synergy.store.rounds.StepOptions
        Version from If-Match, and the idempotency key.
    raw : bytes
        Raw request body, for operations marked `Mark.RAW`.
    """

    store: Store
    actor: Actor
    lang: str
    path: Mapping[str, Any]
    query: Any = None
    body: Any = None
    asked: StepOptions = field(default_factory=StepOptions)
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class HandlerResult:
    """Result of a handler: response body, version and extra headers.

    Parameters
    ----------
    record : object
        JSON-serializable data, or bytes or text in the media type of the operation; an iterator of bytes is streamed.
    version : int or None
        Version of the resource: part of the ETag, and sent back by clients in If-Match.
    headers : mapping of str to str
        Headers in addition to the common ones.
    """

    record: Any = None
    version: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], HandlerResult]


@dataclass(frozen=True, slots=True)
class Operation:
    """An API operation: its spec and its handler.

    Parameters
    ----------
    name, tag : str
        Name of the handler function, and of its module.
    spec : Spec
    handler : callable
    """

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


def serves(spec: Spec) -> Callable[[Handler], Handler]:
    """Return a decorator that registers a handler as an API operation.

    Parameters
    ----------
    spec : Spec
        Specification of the operation.

    Raises
    ------
    ValueError
        An operation of that name is already registered.
    """

    def decorated(handler: Handler) -> Handler:
        if handler.__name__ in OPERATIONS:
            raise ValueError(f"{handler.__name__}: two operations of this name")
        tag = handler.__module__.rpartition(".")[2]
        OPERATIONS[handler.__name__] = Operation(handler.__name__, tag, spec, handler)
        return handler

    return decorated
