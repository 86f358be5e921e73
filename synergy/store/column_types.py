"""Lossless column types: scaled integers for money and amounts, microseconds for times, canonical JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

from synergy.records.figures import PLACES, millionths, written
from synergy.scenario import JSON

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = len("2026-12-01")


class Micro(TypeDecorator[Decimal]):
    """Decimal column stored in whole millionths; a value out of range or precision raises ValueError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        """Return the value in millionths."""
        return None if value is None else millionths(value)

    def process_result_value(self, value: int | Decimal | None, _dialect: Dialect) -> Decimal | None:
        """Return the decimal value."""
        return None if value is None else Decimal(int(value)).scaleb(-PLACES)


class Instant(TypeDecorator[datetime]):
    """Time column stored in microseconds since 1970 in UTC; a time without a zone raises ValueError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Return the time in microseconds."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """Return the time, in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Document(TypeDecorator[JSON]):
    """JSON column stored as canonical text, identical for equal records."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, _dialect: Dialect) -> str | None:
        """Return the canonical text."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> JSON:
        """Return the parsed record."""
        found: JSON = None if value is None else json.loads(value)
        return found


def canonical(record: object) -> str:
    """Return a plain record as canonical JSON: sorted keys, no whitespace, decimals as text, no NaN."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), default=_text)


def _text(value: object) -> str | None:
    if isinstance(value, Decimal):
        return written(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} is no JSON")


def typed(text: str, zone: tzinfo | None = None) -> datetime:
    """Return the time, in UTC, that a user entered as ISO 8601 text; a day alone means its end, 23:59.

    `zone` is that of a text without an offset; None: the machine's own. Where clocks are put back, the earlier of two
    equal times is meant (``fold=0``); a time that is left out when they are put forward counts by the offset before.

    Raises
    ------
    ValueError
        The text is no valid time, or one outside the calendar.

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
