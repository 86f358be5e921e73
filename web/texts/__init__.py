"""Message catalogue of the pages in English and Chinese, merged from the `WORDS` of each module."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from synergy.texts import Catalogue

HTML_LANG = {"en": "en", "zh": "zh-CN"}


def rooms() -> Iterator[tuple[str, Catalogue]]:
    """Yield the name and the message catalogue of each module in this package that defines `WORDS`."""
    for module in iter_modules(__path__):
        words = getattr(import_module(f"{__name__}.{module.name}"), "WORDS", None)
        if words is not None:
            yield module.name, words


# English, Chinese, by name; no name stands in two rooms
WORDS = Catalogue({key: pair for _, words in rooms() for key, pair in words.items()})
word = WORDS.say


def word_or(key: str, lang: str, plain: str) -> str:
    """Return a text of the catalogue, or another one if it has none."""
    return word(key, lang) if key in WORDS else plain
