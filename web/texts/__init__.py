"""Words of the pages, in English and Chinese: one module a room, each with its `WORDS`, put together here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

LANGUAGES = ("en", "zh")
HTML_LANG = {"en": "en", "zh": "zh-CN"}


def rooms() -> Iterator[tuple[str, Mapping[str, tuple[str, str]]]]:
    """Yield the name of each module beside this one that has words, and its words."""
    for module in iter_modules(__path__):
        words = getattr(import_module(f"{__name__}.{module.name}"), "WORDS", None)
        if words is not None:
            yield module.name, words


# English, Chinese, by name; no name stands in two rooms
WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {key: pair for _, words in rooms() for key, pair in words.items()}
)


def word(key: str, lang: str, **fields: object) -> str:
    """Return one text of the pages.

    Parameters
    ----------
    key : str
        Its name in `WORDS`.
    lang : str
        ``en`` or ``zh``.
    **fields : object
        What stands for the braces.

    Returns
    -------
    str
    """
    said = WORDS[key][LANGUAGES.index(lang)]
    return said.format(**fields) if fields else said
