"""What is worth keeping, by what it follows from, in so many bytes: the one longest unasked is forgotten first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """Something that knows how many bytes it takes."""

    @property
    def size(self) -> int:
        """Return the bytes that it takes."""


T = TypeVar("T", bound=Sized)


class Bounded(Generic[T]):
    """Things by what they follow from; safe for several threads.

    Parameters
    ----------
    most : int
        Bytes in all.
    """

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._known: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a key, made where there is nothing; what cannot be made is not kept."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        made = make()
        with self._lock:
            if key not in self._known:
                self._known[key] = made
                self._size += made.size
            while self._size > self._most:
                self._size -= self._known.popitem(last=False)[1].size
        return made
