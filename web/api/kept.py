"""Answers kept: what follows from the record of rounds alone is told again as it is until something happens.

Every event of a store moves the head of its chain. The head that an answer was made at is part of its key, as is all
that decides who sees what: role, enterprise and scopes. Who asks, and whether it may, is asked anew each time before.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import cast

from flask import current_app, request
from synergy.web.api.spec import Call, Operation
from synergy.web.bounded import Bounded

from synergy.store.commit import head

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
