"""Numbers and texts as they come with a request: what no id and no text can be stops here, for every view."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, abort, request
from werkzeug.routing import BaseConverter, IntegerConverter, UnicodeConverter, ValidationError

MOST = 2**31 - 1  # of an id, a version, a place in a list
LONGEST = 200  # characters of a part of an address
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # control characters that are pasted from elsewhere are let through


class _Number(IntegerConverter):
    """A number in an address, as large as an id can be."""

    regex = "[0-9]{1,10}"

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **{"max": MOST, **more})


class _Text(UnicodeConverter):
    """A text in an address that holds no control characters."""

    def to_python(self, value: str) -> str:
        """Return it, or say that there is no such address."""
        if CONTROL.search(value) or len(value) > LONGEST:
            raise ValidationError
        return str(super().to_python(value))


def numbered(app: Flask) -> None:
    """Let addresses hold what an id or a text can be, and nothing else: all else is not found.

    ``raw`` takes any text, for the API, which looks at them by itself once it knows who asks.
    """
    kinds: dict[str, type[BaseConverter]] = {"int": _Number, "string": _Text, "default": _Text, "raw": UnicodeConverter}
    app.url_map.converters.update(kinds)


def whole(given: str | None) -> int | None:
    """Return a number of a form or a query; None where it is none.

    Parameters
    ----------
    given : str or None

    Raises
    ------
    werkzeug.exceptions.NotFound
        It is larger than any id.

    Examples
    --------
    >>> whole("17"), whole(" "), whole("x"), whole(None)
    (17, None, None, None)
    """
    text = (given or "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    if len(text) > 10 or int(text) > MOST:
        abort(404)
    return int(text)


def plain() -> None:
    """Refuse a query or form with characters that are no text: a database refuses them too, later."""
    pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
    if any(_NO_TEXT.search(text) for pair in pairs for text in pair):
        abort(422)
