"""Conversion between figures of the store and of the API: exact decimal text with a currency or unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import Call, Record

from synergy.errors import UsageError
from synergy.store.aggregates import measures
from synergy.store.column_types import decimal, rounded, written
from synergy.units import UNITS, convert


class Measures:
    """Currency and units of the figures of a round.

    Parameters
    ----------
    call : Call
        Validated request.
    round_id : int
    """

    def __init__(self, call: Call, round_id: int) -> None:
        told = measures(call.store, call.actor, round_id)
        self.currency: str = told["currency"]
        self.goods: Mapping[str, Mapping[str, str]] = told["commodities"]
        self.processes: Mapping[str, Mapping[str, str]] = told["processes"]

    def money(self, value: Any) -> Record | None:
        """Return an amount of money with its currency; None for no value."""
        text = figure(value)
        return None if text is None else {"amount": text, "currency": self.currency}

    def of_good(self, commodity: str, value: Any) -> Record | None:
        """Return a quantity of a commodity with its unit; None for no value."""
        return quantity(value, self.unit(commodity))

    def of_process(self, process: str, value: Any) -> Record | None:
        """Return an activity of a process with its unit; None for no value."""
        return quantity(value, self.unit(process))

    def unit(self, subject: str) -> str:
        """Return the unit of a commodity or of a process activity; ``1`` if it has none."""
        if subject in self.goods:
            return self.goods[subject].get("unit") or "1"
        return self.processes.get(subject, {}).get("activity_unit") or "1"

    def knows(self, subject: str) -> bool:
        """Return whether the round has a commodity or process of this id."""
        return subject in self.goods or subject in self.processes

    def paid(self, record: Mapping[str, Any], names: Iterable[str]) -> Record:
        """Return a copy of a record with the named fields converted to money."""
        return {**record, **{name: self.money(record[name]) for name in names if name in record}}


def figure(value: Any) -> str | None:
    """Return a number as exact decimal text; None for None.

    Examples
    --------
    >>> figure(0.1 + 0.2), figure("12.50"), figure(None)
    ('0.3', '12.5', None)
    """
    if value is None:
        return None
    return written(rounded(value) if isinstance(value, float) else decimal(value))


def quantity(value: Any, unit: str) -> Record | None:
    """Return an amount with its unit; None for no value."""
    text = figure(value)
    return None if text is None else {"value": text, "unit": unit}


def amount_in(given: Any, unit: str, where: str) -> str | None:
    """Convert a quantity of a request body to the unit of the round.

    Parameters
    ----------
    given : Quantity, str or None
        A plain text is already in that unit.
    unit : str
        Unit of the round.
    where : str
        JSON pointer for the error entry.

    Raises
    ------
    ApiProblem
        The unit has another dimension.
    """
    if given is None or isinstance(given, str):
        return given
    if given.unit == unit:
        return str(given.value)
    try:
        exact = Decimal(given.value) * Decimal(repr(convert(1.0, given.unit, unit)))
        return written(rounded(float(exact)) if exact != exact.quantize(Decimal("1E-6")) else exact)
    except (UsageError, ArithmeticError) as error:
        known = UNITS[unit].dimension if unit in UNITS else None
        fit = ", ".join(name for name, one in UNITS.items() if one.dimension == known) or unit
        said = (f"{given.unit} found, expected {fit}", f"现为 {given.unit}，应为 {fit}")
        raise ApiProblem("invalid", errors=[(where, "unit", *said)]) from error


def price_in(given: Any, currency: str, where: str) -> str | None:
    """Return a price of a request body in the currency of the round.

    Raises
    ------
    ApiProblem
        The price is in another currency; there is no conversion.
    """
    if given is None or isinstance(given, str):
        return given
    if given.currency != currency:
        said = (f"{given.currency} found, expected {currency}", f"现为 {given.currency}，应为 {currency}")
        raise ApiProblem("invalid", errors=[(where, "currency", *said)])
    return str(given.amount)
