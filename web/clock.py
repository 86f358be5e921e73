"""Moments as people read and type them: in one time zone, with its offset, whatever the visitor's is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from synergy.store.moments import typed

_QUARTER = timedelta(days=91)
_STORED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?\+00:00")


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of the pages; moments are the store's, ISO 8601 with an offset or aware datetimes.

    Parameters
    ----------
    zone : datetime.tzinfo or None
        None: the machine's own.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> Clock(ZoneInfo("Asia/Shanghai")).minute("2026-03-01T16:00:00+00:00")
    '2026-03-02 00:00 UTC+8'
    """

    zone: tzinfo | None = None

    def day(self, moment: str | datetime | None) -> str:
        """Return the day of a moment, a dash where there is none."""
        return "–" if moment is None else f"{self._local(moment):%Y-%m-%d}"

    def minute(self, moment: str | datetime | None) -> str:
        """Return a moment to the minute with its offset, a dash where there is none."""
        if moment is None:
            return "–"
        local = self._local(moment)
        return f"{local:%Y-%m-%d %H:%M} {_offset(local)}"

    def time(self, moment: str | datetime) -> str:
        """Return the time of the day to the second, with its offset."""
        local = self._local(moment)
        return f"{local:%H:%M:%S} {_offset(local)}"

    def offsets(self, now: datetime) -> str:
        """Return the offsets of the year that begins now: one, or those of winter and summer."""
        year = (self._local(now + count * _QUARTER) for count in range(4))
        return " / ".join(dict.fromkeys(_offset(one) for one in year))

    def typed(self, text: str) -> datetime:
        """Return the moment that somebody typed by this clock, as `synergy.store.moments.typed` says."""
        return typed(text, self.zone)

    def told(self, sentence: str) -> str:
        """Return a sentence of the store with its moments by this clock."""
        return _STORED.sub(lambda found: self.minute(found[0]), sentence)

    def _local(self, moment: str | datetime) -> datetime:
        stored = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        try:
            return stored.astimezone(self.zone)
        except (OverflowError, OSError, ValueError):  # at an end of the calendar: as it is stored
            return stored


def _offset(moment: datetime) -> str:
    """Return the offset of a moment in words: ``UTC``, ``UTC+8``, ``UTC-3:30``."""
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    hours, rest = divmod(abs(seconds) // 60, 60)
    said = f"{hours}:{rest:02}" if rest else f"{hours}"
    return "UTC" if said == "0" else f"UTC{'-' if seconds < 0 else '+'}{said}"
