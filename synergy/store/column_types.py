"""Lossless column types: scaled integers for money and amounts, microseconds for times, canonical JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

PLACES = 6  # decimals of money and amounts
_SCALE = Decimal(10) ** PLACES
MOST = Decimal(2**63 - 1) / _SCALE
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = len("2026-12-01")


class BeyondError(ValueError):
    """Number too large to be stored."""


class Micro(TypeDecorator[Decimal]):
    """Decimal column stored in whole millionths; a value out of range or precision raises ValueError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        """Return the value in millionths."""
        return None if value is None else millionths(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> Decimal | None:
        """Return the decimal value."""
        return None if value is None else Decimal(int(value)) / _SCALE


class Instant(TypeDecorator[datetime]):
    """Time column stored in microseconds since 1970 in UTC; a time without a zone raises ValueError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Return the time in microseconds."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        """Return the time, in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=int(value))


class Document(TypeDecorator[Any]):
    """JSON column stored as canonical text, identical for equal records."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        """Return the canonical text."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> Any:
        """Return the parsed record."""
        return None if value is None else json.loads(value)


def millionths(value: object) -> int:
    """Return an exact decimal as an integer number of millionths.

    Parameters
    ----------
    value : decimal.Decimal
        Finite, at most six decimals, below `MOST` in size.

    Raises
    ------
    ValueError
        It cannot be kept exactly; `BeyondError` where it is too large.

    Examples
    --------
    >>> millionths(Decimal("12.5"))
    12500000
    """
    if not isinstance(value, Decimal) or not value.is_finite() or abs(value) > MOST:
        raise BeyondError(f"{value!r} is no decimal number below {MOST}")
    scaled = value.scaleb(PLACES)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{value} has more than {PLACES} decimals")
    return int(scaled)


def microseconds(value: datetime) -> int:
    """Return a time in microseconds since 1970 in UTC.

    Raises
    ------
    ValueError
        It has no time zone.
    """
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return (value - _EPOCH) // _MICROSECOND


def decimal(value: Any) -> Decimal:
    """Return a number or text as an exact decimal with at most six places.

    Parameters
    ----------
    value : int, float, str or decimal.Decimal
        A float counts as the shortest decimal that reads back as it.

    Raises
    ------
    ValueError
        It is no number that can be kept exactly.

    Examples
    --------
    >>> decimal("0.10"), decimal(1e-3), decimal(7)
    (Decimal('0.10'), Decimal('0.001'), Decimal('7'))
    """
    try:
        found = value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise ValueError(f"{value!r} is no number") from error
    millionths(found)
    return found


def rounded(value: float) -> Decimal:
    """Return a computed number rounded to the nearest millionth; not for declared numbers, which are exact.

    Raises
    ------
    BeyondError
        It is too large to be kept.
    """
    try:
        return Decimal(repr(float(value))).quantize(Decimal(1) / _SCALE)
    except InvalidOperation as error:
        raise BeyondError(f"{value} is no number that can be kept") from error


def written(value: Decimal | None) -> str | None:
    """Return the canonical text of a decimal, without exponent or trailing zeros; None stays None.

    Examples
    --------
    >>> written(Decimal("120.500000")), written(Decimal("0E-6")), written(Decimal("1E+3"))
    ('120.5', '0', '1000')
    """
    return None if value is None else format(value.normalize() if value else Decimal(0), "f")


def canonical(record: Any) -> str:
    """Return a plain record as canonical JSON: sorted keys, no whitespace, decimals as text, no NaN."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), default=_text)


def _text(value: Any) -> str | None:
    if isinstance(value, Decimal):
        return written(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} is no JSON")


def typed(text: str, zone: tzinfo | None = None) -> datetime:
    """Return the time that a user entered as ISO 8601 text.

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
