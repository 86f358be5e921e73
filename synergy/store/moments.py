"""Moments as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

_DAY = len("2026-12-01")


def typed(text: str, zone: tzinfo | None = None) -> datetime:
    """Return the moment that somebody typed.

    Parameters
    ----------
    text : str
        ISO 8601; a day alone means its end, 23:59.
    zone : datetime.tzinfo, optional
        Of a text that names no offset; None: the machine's own. Where clocks are put back, the earlier of two equal
        times is meant (``fold=0``); a time that is left out when they are put forward counts by the offset before.

    Returns
    -------
    datetime.datetime
        UTC.

    Raises
    ------
    ValueError
        The text says no moment, or one outside the calendar.

    Examples
    --------
    >>> typed("2026-12-01T18:00+08:00").isoformat()
    '2026-12-01T10:00:00+00:00'
    """
    moment = datetime.fromisoformat(text)
    if len(text) <= _DAY:
        moment = moment.replace(hour=23, minute=59)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(text) from error
