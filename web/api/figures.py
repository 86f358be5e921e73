"""Conversion of quantities and prices of request bodies to the units and the currency of a round."""

from __future__ import annotations

from decimal import Decimal

from synergy.web.api.models.parts import MoneyGiven, QuantityGiven
from synergy.web.api.problems import ApiProblem

from synergy.errors import UsageError
from synergy.records.figures import rounded, written
from synergy.units import UNITS, convert


def amount_in(given: QuantityGiven | str | None, unit: str, where: str) -> str | None:
    """Convert a quantity of a request body to the unit of the round, in which a plain text is already.

    `where` is a JSON pointer for the error entry.

    Raises
    ------
    ApiProblem
        The unit has another dimension.
    """
    if given is None or isinstance(given, str):
        return given
    if given.unit == unit:
        return given.value
    try:
        exact = Decimal(given.value) * Decimal(repr(convert(1.0, given.unit, unit)))
        return written(rounded(float(exact)) if exact != exact.quantize(Decimal("1E-6")) else exact)
    except (UsageError, ArithmeticError) as error:
        known = UNITS[unit].dimension if unit in UNITS else None
        fit = ", ".join(name for name, one in UNITS.items() if one.dimension == known) or unit
        said = (f"{given.unit} found, expected {fit}", f"现为 {given.unit}，应为 {fit}")
        raise ApiProblem("invalid", errors=[(where, "unit", *said)]) from error


def price_in(given: MoneyGiven | str | None, currency: str, where: str) -> str | None:
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
    return given.amount
