"""Timestamp formatting and parsing in one configured time zone, and validation of URL and query values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from flask import Flask, abort, request
from werkzeug.routing import BaseConverter, IntegerConverter, Map, UnicodeConverter, ValidationError

from synergy.store.column_types import typed

_QUARTER = timedelta(days=91)
_STORED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?\+00:00")
MOST = 2**31 - 1  # of an id, a version, a place in a list
LONGEST = 200  # characters of a part of an address
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # control characters that are pasted from elsewhere are let through


@dataclass(frozen=True, slots=True)
class Clock:
    """Formatter and parser of timestamps in one time zone; None for the local time zone of the machine.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> Clock(ZoneInfo("Asia/Shanghai")).minute(datetime.fromisoformat("2026-03-01T16:00:00+00:00"))
    '2026-03-02 00:00 UTC+8'
    """

    zone: tzinfo | None = None

    def day(self, moment: datetime | None) -> str:
        """Return the date of a timestamp as ``YYYY-MM-DD``, or a dash for None."""
        return "–" if moment is None else f"{self._local(moment):%Y-%m-%d}"

    def minute(self, moment: datetime | None) -> str:
        """Return a timestamp to the minute with its UTC offset, or a dash for None."""
        if moment is None:
            return "–"
        local = self._local(moment)
        return f"{local:%Y-%m-%d %H:%M} {_offset(local)}"

    def time(self, moment: datetime) -> str:
        """Return the time of day to the second with its UTC offset."""
        local = self._local(moment)
        return f"{local:%H:%M:%S} {_offset(local)}"

    def offsets(self, now: datetime) -> str:
        """Return the UTC offsets in effect during the coming year: one, or two with daylight saving time."""
        year = (self._local(now + count * _QUARTER) for count in range(4))
        return " / ".join(dict.fromkeys(_offset(one) for one in year))

    def typed(self, text: str) -> datetime:
        """Parse a typed timestamp in the time zone of this clock, see `synergy.store.column_types.typed`."""
        return typed(text, self.zone)

    def told(self, sentence: str) -> str:
        """Convert the UTC timestamps within a sentence of the store to this time zone."""
        return _STORED.sub(lambda found: self.minute(datetime.fromisoformat(found[0])), sentence)

    def _local(self, moment: datetime) -> datetime:
        try:
            return moment.astimezone(self.zone)
        except (OverflowError, OSError, ValueError):  # at an end of the calendar: as it is stored
            return moment


def _offset(moment: datetime) -> str:
    """Return the UTC offset of a timestamp as text: ``UTC``, ``UTC+8``, ``UTC-3:30``."""
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    hours, rest = divmod(abs(seconds) // 60, 60)
    said = f"{hours}:{rest:02}" if rest else f"{hours}"
    return "UTC" if said == "0" else f"UTC{'-' if seconds < 0 else '+'}{said}"


class _Number(IntegerConverter):
    """URL converter for integers up to the largest id."""

    regex = "[0-9]{1,10}"

    def __init__(self, routes: Map) -> None:
        super().__init__(routes, max=MOST)


class _Text(UnicodeConverter):
    """URL converter for strings of limited length without control characters."""

    def to_python(self, value: str) -> str:
        """Return the URL segment, or raise `ValidationError` so that the URL does not match (404)."""
        if CONTROL.search(value) or len(value) > LONGEST:
            raise ValidationError
        return str(super().to_python(value))


def numbered(app: Flask) -> None:
    """Install the URL converters, which restrict path segments to valid ids and texts; other URLs return 404.

    ``raw`` accepts any text, for the API, which validates segments itself after authentication.
    """
    kinds: dict[str, type[BaseConverter]] = {"int": _Number, "string": _Text, "default": _Text, "raw": UnicodeConverter}
    app.url_map.converters.update(kinds)


def whole(given: str | None) -> int | None:
    """Parse a non-negative integer of a form field or query parameter; return None if it is not one.

    Raises
    ------
    werkzeug.exceptions.NotFound
        The number is larger than any id.

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
    """Reject with 422 any query or form that contains NUL or surrogate characters, which databases cannot store."""
    pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
    if any(_NO_TEXT.search(text) for pair in pairs for text in pair):
        abort(422)
