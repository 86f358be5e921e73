"""Words of the pages, in English and Chinese: one module a room, each with its `WORDS`, put together here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from synergy.texts import Catalogue

HTML_LANG = {"en": "en", "zh": "zh-CN"}


def rooms() -> Iterator[tuple[str, Catalogue]]:
    """Yield the name of each module beside this one that has words, and its words."""
    for module in iter_modules(__path__):
        words = getattr(import_module(f"{__name__}.{module.name}"), "WORDS", None)
        if words is not None:
            yield module.name, words


# English, Chinese, by name; no name stands in two rooms
WORDS = Catalogue({key: pair for _, words in rooms() for key, pair in words.items()})
word = WORDS.say
