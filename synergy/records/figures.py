"""Base of the typed records, and their figures: exact decimals with currency or unit, times and keys."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Protocol, Self, SupportsFloat

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    WithJsonSchema,
)

from synergy.records.documents import Document

PLACES = 6  # decimals of money and amounts
_SCALE = Decimal(10) ** PLACES
MOST = Decimal(2**63 - 1) / _SCALE
AT = "2026-03-01T08:00:00+00:00"  # time in examples
FIGURE = r"^-?[0-9]{1,13}(\.[0-9]{1,6})?$"
_TEXT = {
    "type": "string",
    "pattern": FIGURE,
    "examples": ["1234.5"],
    "description": "An exact decimal number as a text.",
}


class BeyondError(ValueError):
    """Number too large to be stored."""


def millionths(value: object) -> int:
    """Return an exact decimal as an integer number of millionths.

    Raises
    ------
    ValueError
        It has more than six decimals; `BeyondError` where it is no finite decimal below `MOST` in size.

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


def decimal(value: Number) -> Decimal:
    """Return a number or text as an exact decimal; a float counts as the shortest decimal that reads back as it.

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


def exact(value: Number) -> Decimal:
    """Return a figure as an exact decimal: a float to the nearest millionth, others as they are.

    Examples
    --------
    >>> exact(0.1 + 0.2), exact("12.50")
    (Decimal('0.300000'), Decimal('12.50'))
    """
    return rounded(value) if isinstance(value, float) else decimal(value)


def bare(value: SupportsFloat | None) -> float | None:
    """Return a figure without its currency or unit; None stays None."""
    return None if value is None else float(value)


def _exact(value: object) -> Decimal:
    """Return a decimal as it is, or from its text; other kinds of numbers are inexact and refused."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not re.fullmatch(FIGURE, value, re.ASCII):
        raise ValueError(f"{value!r} is no exact decimal number")
    return Decimal(value)


Exact = Annotated[
    Decimal, BeforeValidator(_exact), PlainSerializer(written, return_type=str, when_used="json"), WithJsonSchema(_TEXT)
]
Number = float | str | Decimal  # a float is rounded to the nearest millionth, a text or decimal is exact
Ident = Annotated[int, Field(ge=1, le=2**31 - 1)]
Time = Annotated[
    AwareDatetime,
    PlainSerializer(lambda at: at.isoformat(), return_type=str, when_used="json"),
    Field(examples=[AT], description="RFC 3339, in UTC."),
]


class Cells(Protocol):
    """Values by column."""

    def __getitem__(self, name: str, /) -> object: ...


class Columns(Protocol):
    """A row of a database, with its values by column."""

    @property
    def _mapping(self) -> Cells: ...


class Record(BaseModel):
    """Base of the records that the store returns, the API serves, and pages and command line show."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def of(cls, row: Columns, **values: object) -> Self:
        """Return the record of a database row: its fields by name of the column, those in `values` as given."""
        cells = row._mapping  # made anew each time that it is asked for
        columns = {name: cells[name] for name in cls.model_fields if name not in values}
        return cls.model_validate(columns | values)

    def document(self) -> Document:
        """Return the record as plain JSON, under the names that the API gives its fields."""
        return self.model_dump(mode="json", by_alias=True)


class Money(Record):
    """An exact amount of money with its currency."""

    model_config = ConfigDict(extra="forbid")
    amount: Exact
    currency: str = Field(min_length=1, examples=["CNY"])

    def __float__(self) -> float:
        """Return the amount."""
        return float(self.amount)


class Quantity(Record):
    """An exact quantity with its unit."""

    model_config = ConfigDict(extra="forbid")
    value: Exact
    unit: str = Field(min_length=1, examples=["t"])

    def __float__(self) -> float:
        """Return the value."""
        return float(self.value)


class Label(Record):
    """Display name in both languages."""

    name_en: str
    name_zh: str


class EnterpriseLabel(Label):
    """Name of an enterprise, with its county and the evidence that its data rest on; empty where unknown."""

    county: str
    evidence: str


class SiteLabel(Label):
    """Name of a site, with its enterprise and its place in degrees; empty where unknown."""

    enterprise: str
    county: str
    latitude: float | str | None
    longitude: float | str | None


class CommodityLabel(Label):
    """Name of a commodity, with its unit and hazard class; empty where there is none."""

    unit: str
    hazard: str


class ProcessLabel(Label):
    """Name of a process, with the unit of its activity; empty where there is none."""

    activity_unit: str


class Measures(Record):
    """Currency of a round, and names and units of its commodities and processes; nothing of any enterprise."""

    currency: str
    commodities: dict[str, CommodityLabel]
    processes: dict[str, ProcessLabel]

    def money(self, value: Number) -> Money:
        """Return an amount of money with its currency."""
        return Money(amount=exact(value), currency=self.currency)

    def amount(self, subject: str, value: Number) -> Quantity:
        """Return a quantity of a commodity, or an activity of a process, with its unit."""
        return Quantity(value=exact(value), unit=self.unit(subject))

    def money_if(self, value: Number | None) -> Money | None:
        """Return an amount of money with its currency; None for no value."""
        return None if value is None else self.money(value)

    def amount_if(self, subject: str, value: Number | None) -> Quantity | None:
        """Return a quantity or an activity with its unit; None for no value."""
        return None if value is None else self.amount(subject, value)

    def unit(self, subject: str) -> str:
        """Return the unit of a commodity or of a process activity; ``1`` if it has none."""
        if subject in self.commodities:
            return self.commodities[subject].unit or "1"
        found = self.processes.get(subject)
        return (found.activity_unit if found else None) or "1"


def example(value: JsonValue) -> ConfigDict:
    """Return a model configuration with an example, for the documentation of the API."""
    return ConfigDict(json_schema_extra={"examples": [value]})
