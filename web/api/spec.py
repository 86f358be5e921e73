"""What an operation of the API takes, answers and refuses: the one record that everything else is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from synergy.store.access import Action, Actor
from synergy.store.rounds import Asked
from synergy.store.store import Store

PREFIX = "/api/v1"
JSON = "application/json"
BOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP, CSV, BYTES = "application/zip", "text/csv", "application/octet-stream"
Record = dict[str, Any]


class Proof(StrEnum):
    """How a caller shows who it is."""

    BEARER = "bearer"  # a token, within its scopes
    BASIC = "basic"  # name and password, for what a token may not do: tokens and passwords
    NONE = "none"  # nobody in particular


class Mark(StrEnum):
    """What an operation asks for or does beside its body."""

    VERSION = "version"  # If-Match is needed: the version of what is changed
    VERSION_IF_ANY = "version if any"  # If-Match is taken where it is given
    KEY = "key"  # Idempotency-Key is taken
    PAGED = "paged"  # limit and cursor; the answer is {items, next} with a Link
    STREAM = "stream"  # server-sent events where they are asked for
    RAW = "raw"  # the body is a file
    KEPT = "kept"  # the answer follows from the record of rounds and from who may see what, from no clock and no run


@dataclass(frozen=True, slots=True)
class Spec:
    """What an operation takes, answers and refuses.

    Parameters
    ----------
    method, path : str
        ``GET`` and ``/rounds/{round}``.
    action : synergy.store.access.Action or None
        What has to be allowed; None where nothing has.
    summary : tuple of str
        English, Chinese.
    answer : type of BaseModel or None
        Of the answer that is no problem; None for one without a body.
    status : int
        Of that answer.
    query, body : type of BaseModel or None
        What may be asked, what has to be sent.
    marks : frozenset of Mark
    problems : tuple of str
        Codes of `synergy.web.api.problems` beside those that follow from the rest.
    proof : Proof
    media : str
        Of the answer.
    takes : tuple of str
        Media types of the body, of operations marked `Mark.RAW`; what it is, its bytes say.
    lang : str
        Of the answer where none is asked for.
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
    proof: Proof = Proof.BEARER
    media: str = JSON
    takes: tuple[str, ...] = (ZIP, JSON, BOOK, BYTES)
    lang: str = "zh"

    @property
    def places(self) -> tuple[str, ...]:
        """Return the names in the path, in order."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def reads(self) -> bool:
        """Return whether nothing is changed."""
        return self.method == "GET"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was checked.

    Parameters
    ----------
    store : Store
    actor : Actor
        Who asks.
    lang : str
        ``zh`` or ``en``.
    path : mapping
        What stands for the names in the path.
    query, body : Any
        Of the models of the operation.
    asked : synergy.store.rounds.Asked
        The version that was seen, and the idempotency key.
    raw : bytes
        The body as it came, of operations marked `Mark.RAW`.
    """

    store: Store
    actor: Actor
    lang: str
    path: Mapping[str, Any]
    query: Any = None
    body: Any = None
    asked: Asked = field(default_factory=Asked)
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers.

    Parameters
    ----------
    record : object
        Plain JSON, or bytes or text of the media type of the operation; an iterator of bytes is a stream.
    version : int or None
        Of what is told: it goes into the ETag, and comes back in If-Match.
    headers : mapping of str to str
        Beside those of every answer.
    """

    record: Any = None
    version: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Operation:
    """A spec with the function that does it.

    Parameters
    ----------
    name, tag : str
        Of the function, and of the module that it stands in.
    spec : Spec
    handler : callable
    """

    name: str
    tag: str
    spec: Spec
    handler: Handler


OPERATIONS: dict[str, Operation] = {}
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
    """Return all operations, group by group."""
    return sorted(OPERATIONS.values(), key=lambda one: TAGS.index(one.tag))


def serves(spec: Spec) -> Callable[[Handler], Handler]:
    """Return a decorator that makes a function an operation of the API.

    Parameters
    ----------
    spec : Spec
        What it takes and answers.

    Raises
    ------
    ValueError
        There is one of that name.
    """

    def decorated(handler: Handler) -> Handler:
        if handler.__name__ in OPERATIONS:
            raise ValueError(f"{handler.__name__}: two operations of this name")
        tag = handler.__module__.rpartition(".")[2]
        OPERATIONS[handler.__name__] = Operation(handler.__name__, tag, spec, handler)
        return handler

    return decorated
