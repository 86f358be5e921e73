"""What to write instead of a cell of a form that is no plain number: the number here, its unit in the cell for it."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from synergy.dataset.numbers import Reading, hints
from synergy.forms.quantities import PER_YEAR, money_factor, span
from synergy.forms.spot import Spot
from synergy.units import UNITS, factor, unit_named

Hint = tuple[str, str]  # English, Chinese


def instead_of(spot: Spot, key: str, target: str, reading: Reading) -> dict[str, object]:
    """Return what the texts of a rule ask for: what to write in this row, so that it is read with its right value.

    Parameters
    ----------
    spot : Spot
        The row.
    key : str
        ``amount`` or ``price``.
    target : str
        Unit in which the dataset counts; "" where that cannot be told.
    reading : Reading
        Of the cell.
    """
    fields, currency = reading.fields, spot.context.currency
    found: Hint | None = None
    if reading.code in ("chinese_number", "number_with_unit"):
        number, written = str(fields["number"]), str(fields["unit"])
        beside = unicodedata.normalize("NFKC", spot.row.cells.get("unit" if key == "amount" else "price_unit", ""))
        if reading.code == "chinese_number":
            found = _myriads(number, written, beside.strip())
        else:
            about = (number, written, beside.strip())
            found = _amount(about, target) if key == "amount" else _price(spot, about, target)
    if found is not None:
        return fields | {"hint": found[0], "hint_zh": found[1]}
    unit = target if key == "amount" else f"money/{target}".rstrip("/")
    return hints(reading.code, fields, unit, currency)


def _myriads(number: str, written: str, beside: str) -> Hint | None:
    """Return the number alone where the unit beside it counts the ten thousands already."""
    if not beside.startswith(written):
        return None
    return f"write {number}: the unit {beside} counts the {written}", f"请写 {number}：单位 {beside} 已含“{written}”"


def _amount(about: tuple[str, str, str], target: str) -> Hint | None:
    number, written, _ = about
    found = span(written, target)
    times = factor(found.unit, target)
    if times is None:
        return None
    if found.time in PER_YEAR:
        yearly = Decimal(number) * times * PER_YEAR[found.time]
        said = f"{yearly.normalize():f}"
        return (
            f"if it runs all the year, write {said} here and {target}/a as its unit",
            f"若全年运行，请在此写 {said}，单位写 {target}/a",
        )
    return f"write {number} here and {written} as its unit", f"请在此写 {number}，单位写 {written}"


def _price(spot: Spot, about: tuple[str, str, str], target: str) -> Hint | None:
    number, written, beside = about
    money, stroke, per = written.partition("/")
    if money_factor(money, spot.context.currency) is None or (
        stroke and factor(unit_named(per, target), target) is None
    ):
        return None
    if stroke:
        return f"write {number} here and {written} as its unit", f"请在此写 {number}，单位写 {written}"
    if unit_named(beside.partition("/")[0]) == unit_named(money) and "/" in beside:
        return f"write {number}: its unit {beside} stands beside it", f"请写 {number}：单位 {beside} 已在旁列写明"
    rows_unit = span(spot.row.cells.get("unit", ""), target).unit
    units = [unit for unit in (_smallest(target), rows_unit, target) if factor(unit, target)]
    listed = [f"{money}/{unit}" for unit in dict.fromkeys(units)]
    en, zh = " or ".join(listed), "或".join(listed)
    return f"write {number} here and as its unit {en}, whichever it is for", f"请在此写 {number}，单位写 {zh}（按实际）"


def _smallest(target: str) -> str:
    """Return the first unit of the dimension of a unit, as tons and cubic metres."""
    kind = UNITS[target].dimension if target in UNITS else ""
    return next((name for name, unit in UNITS.items() if unit.dimension == kind), target)
