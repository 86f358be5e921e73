"""Amounts and prices of a form: unit conversion, refusal of rates and wrong dimensions, plausibility checks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from synergy.dataset.typed import INVISIBLE, UNREADABLE, Reading, hints, number_of
from synergy.forms.context import Place, Spot
from synergy.records.figures import MOST, PLACES
from synergy.records.names import Sheet
from synergy.store.turnover import LEAST_AMOUNT
from synergy.texts import Catalogue
from synergy.units import UNITS, factor, label, round_to, unit_named

FAR = 50  # times the last figure, or a fiftieth of it: worth a second look before it is believed
DEAR = 30  # times the price of a market
BEYOND = 20  # times what own facilities can make or use
_STEP = Decimal(1).scaleb(-PLACES)
_GUESSES = (  # ratios that come of a confusion
    (1000.0, "kg for t, or Nm3 for kNm3?", "是否把千克当吨，或把 Nm3 当千 Nm3？"),
    (10_000.0, "units where ten thousands are meant?", "是否漏了或多了“万”？"),
    (365.0, "a day for a year?", "是否把日量当年量？"),
    (8760.0, "an hour for a year?", "是否把小时量当年量？"),
)
Thing = tuple[str, str, str]  # site, subject, period
Hint = tuple[str, str]  # English, Chinese
PER_YEAR: Mapping[str, int] = MappingProxyType({"hour": 8760, "day": 365, "month": 12, "second": 8760 * 3600})


def amount_of(spot: Spot, thing: Thing, *, units: bool, checked: bool) -> Decimal | None:
    """Return the amount of a row in the unit of the dataset; None where it cannot be read.

    `thing` is site, subject and period; `units` is whether a unit is expected, `checked` whether figures far from the
    last ones are meant.
    """
    target = spot.context.subjects[spot.row.sheet].get(thing[1], "")
    number = _number(spot, "amount", target, required=True)
    if number is not None and number < 0:
        spot.say("form_negative", "amount")
        return None
    if number is None or not target:
        return None
    times = _amount_factor(spot, number, (target, thing), units=units)
    if times is None:
        return None
    amount = _kept(spot, "amount", number * times)
    if amount is not None:
        _weigh_amount(spot, amount, thing, checked=checked)
    return amount


def price_of(spot: Spot, thing: Thing, *, units: bool, checked: bool) -> Decimal | None:
    """Return the price of a row, as `amount_of`, in money for a unit of the dataset; None where there is none."""
    if "price" not in spot.row.cells:
        return None
    target = spot.context.subjects[spot.row.sheet].get(thing[1], "")
    number = _number(spot, "price", target, required=False)
    times = None if number is None or not target else _price_factor(spot, number, target, units=units)
    if number is None or times is None:
        return None
    price = _kept(spot, "price", number * times)
    if price is not None:
        _weigh_price(spot, price, thing, checked=checked)
    return price


def _number(spot: Spot, key: str, target: str, *, required: bool) -> Decimal | None:
    text = spot.row.cells.get(key, "")
    if text == UNREADABLE:
        return None
    if not INVISIBLE.sub("", text).strip():
        if required:
            spot.say("blank", key)
        return None
    reading = number_of(text)
    if reading.code:
        spot.say(reading.code, key, **_instead(spot, key, target, reading))
    if reading.value != reading.value:  # NaN
        return None
    clean = unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).strip().replace(",", "")
    try:
        return Decimal(clean)
    except InvalidOperation:
        return Decimal(repr(reading.value))


def _kept(spot: Spot, key: str, value: Decimal) -> Decimal | None:
    """Return a number as the store keeps it: whole millionths."""
    if abs(value) > MOST:
        spot.say("form_large", key)
        return None
    rounded = value.quantize(_STEP)
    if key == "amount" and value and not rounded:
        spot.say("form_small", key, least=LEAST_AMOUNT)
        return None
    if value and abs(rounded - value) > abs(value) * Decimal("1e-12"):
        spot.say("form_rounded", key, instead=plain(rounded))
    return rounded + 0


def plain(value: Decimal) -> str:
    """Return a number as people read it: groups of three, no idle zeros."""
    return f"{value.normalize():,f}" if value else "0"


def _amount_factor(spot: Spot, number: Decimal, what: tuple[str, Thing], *, units: bool) -> Decimal | None:
    target, (_, subject, period) = what
    text = spot.row.cells.get("unit", "").strip()
    if text == UNREADABLE:
        return None
    if not text:
        if units:
            spot.say("form_unit_assumed", "unit", unit=target if period else f"{target}/a")
        return Decimal(1)
    found = span(text, target)
    times = factor(found.unit, target)
    if times is None:
        _wrong_unit(spot, "unit", found.unit, (target, subject))
        return None
    if found.time in PER_YEAR:
        yearly = plain((number * times * PER_YEAR[found.time]).quantize(Decimal("0.001")))
        spans = {"span": "a year", "span_zh": "全年"} if not period else {"span": "in the period", "span_zh": "时段"}
        spot.say("form_unit_rate", "unit", instead=yearly, target=f"{target}/a", **spans)
        return None
    if found.time == "year" and period:
        spot.say("form_unit_period", "unit")
        return None
    _show(spot, "unit", number, (text, target, times))
    return times


def _show(spot: Spot, key: str, number: Decimal, units: tuple[str, str, Decimal]) -> None:
    text, target, times = units
    if times != 1:
        given = {"amount": plain(number), "unit": text, "target": target, "factor": plain(times)}
        spot.say("form_unit_factor", key, instead=plain(number * times), **given)


def _wrong_unit(spot: Spot, key: str, unit: str, of: tuple[str, str]) -> None:
    target, subject = of
    listed = {"units": ", ".join(siblings(target, "en")), "units_zh": "、".join(siblings(target, "zh"))}
    if unit not in UNITS:
        spot.say("form_unit", key, **listed)
        return
    kind, kind_zh = KINDS[UNITS[unit].dimension]
    more = {"unit": unit, "kind": kind, "kind_zh": kind_zh, "subject": subject, "target": target}
    spot.say("form_unit_dimension", key, **more, **listed)


def _price_factor(spot: Spot, number: Decimal, target: str, *, units: bool) -> Decimal | None:
    text = spot.row.cells.get("price_unit", "").strip()
    if text == UNREADABLE:
        return None
    currency = spot.context.currency
    one, many = (f"{label(name)}/{label(target)}" for name in money_units(currency))
    one_zh, many_zh = (f"{label(name, 'zh')}/{label(target, 'zh')}" for name in money_units(currency))
    rows_unit = span(spot.row.cells.get("unit", "").replace(UNREADABLE, ""), target).unit or target
    money, _, per = unicodedata.normalize("NFKC", text).partition("/")
    if number and rows_unit != target and not per.strip() and factor(rows_unit, target):
        _ask_basis(spot, number, (money.strip() or currency, rows_unit, target))
        return None
    if not text:
        if units and number:
            spot.say("form_money_unit", "price_unit", one=one, many=many, one_zh=one_zh, many_zh=many_zh)
            return None
        return Decimal(1)
    times = money_factor(money, currency)
    share = factor(unit_named(per, target), target) if per.strip() else Decimal(1)
    if times is None or share is None:
        spot.say("form_unit", "price_unit", units=f"{one} / {many}", units_zh=f"{one_zh} 或 {many_zh}")
        return None
    _show(spot, "price_unit", number, (text, one, times / share))
    return times / share


def _ask_basis(spot: Spot, number: Decimal, bases: tuple[str, str, str]) -> None:
    """Ask for the unit that a price refers to, since the amount of the row is in another unit than the dataset's."""
    money, *units = bases
    target, currency = units[1], spot.context.currency
    times = money_factor(money, currency) or Decimal(1)
    given = {
        f"{key}{lang}": f"{money}/{unit} ({plain(number * times / (factor(unit, target) or 1))} {currency}/{target})"
        for key, unit in zip(("own", "base"), units, strict=True)
        for lang in ("", "_zh")
    }
    spot.say("form_price_basis", "price_unit", unit=units[0], target=target, **given)


def _weigh_amount(spot: Spot, amount: Decimal, thing: Thing, *, checked: bool) -> None:
    """Report an amount that is far from the last one, or from the capacity of own facilities."""
    site, subject, period = thing
    last = [one.amount for one in spot.context.last(spot.row.sheet, site, subject, period) if one.amount > 0]
    if not amount:
        return
    if last:
        ratio = min((float(amount / one) for one in last), key=lambda one: max(one, 1 / one))
        if not 1 / FAR <= ratio <= FAR:
            guess = next(((en, zh) for size, en, zh in _GUESSES if 0.5 <= max(ratio, 1 / ratio) / size <= 2), ("", ""))
            said = {"guess": f"; {guess[0]}" if guess[0] else "", "guess_zh": f"；{guess[1]}" if guess[1] else ""}
            _far(spot, "amount", "form_amount_range", checked, ratio=_ratio(ratio), last=plain(last[0]), **said)
        return
    if spot.row.sheet is not Sheet.FACILITIES:
        _weigh_own(spot, amount, (site, subject), checked=checked)


def _weigh_own(spot: Spot, amount: Decimal, place: Place, *, checked: bool) -> None:
    """Report an amount far beyond the capacity of own facilities, and one that is counted in addition to it."""
    made, used = (known.get(place, 0.0) for known in (spot.context.made, spot.context.used))
    if made + used and float(amount) > BEYOND * (made + used):
        _far(spot, "amount", "form_capacity_range", checked, ratio=_ratio(float(amount) / (made + used)))
    own, code = (made, "form_made_too") if spot.row.sheet is Sheet.OFFERS else (used, "form_used_too")
    if own:
        unit = spot.context.subjects[spot.row.sheet][place[1]]
        spot.say(code, "amount", amount=plain(amount), own=plain(Decimal(round_to(own, 6))), unit=unit)


def _weigh_price(spot: Spot, price: Decimal, thing: Thing, *, checked: bool) -> None:
    """Report a price that is far from the last one, or from the public market prices."""
    site, subject, period = thing
    if price <= 0:
        return
    kept = [one.price for one in spot.context.last(spot.row.sheet, site, subject, period)]
    last = [one for one in kept if one is not None and one > 0]
    if last:
        ratio = float(price / last[0])
        if not 1 / FAR <= ratio <= FAR:
            said = {"ratio": _ratio(ratio), "last": plain(last[0]), "guess": "", "guess_zh": ""}
            _far(spot, "price", "form_amount_range", checked, **said)
        return
    if spot.row.sheet is Sheet.FACILITIES or subject not in spot.context.prices:
        return
    low, high = spot.context.prices[subject]
    if float(price) > DEAR * high or float(price) * DEAR < low:
        nearest = high if float(price) > high else low
        _far(spot, "price", "form_price_range", checked, ratio=_ratio(float(price) / nearest))


def _far(spot: Spot, key: str, code: str, checked: bool, **given: str) -> None:
    spot.say("form_checked" if checked else code, key, **given)


def _ratio(ratio: float) -> str:
    return f"{round_to(ratio):,g}"


def _instead(spot: Spot, key: str, target: str, reading: Reading) -> dict[str, object]:
    """Return the message fields of an invalid amount or price, with a hint on the value to write in this row."""
    fields, currency = reading.fields, spot.context.currency
    found: Hint | None = None
    if reading.code in ("chinese_number", "number_with_unit"):
        number, written = str(fields["number"]), str(fields["unit"])
        stated = spot.row.cells.get("unit" if key == "amount" else "price_unit", "")
        beside = unicodedata.normalize("NFKC", stated).strip()
        if reading.code == "number_with_unit":
            about = (number, written, beside)
            found = _amount(number, written, target) if key == "amount" else _price(spot, about, target)
        elif beside.startswith(written):  # which counts in ten thousands already
            en = f"write {number}: the unit {beside} counts the {written}"
            found = en, f"请写 {number}：单位 {beside} 已含“{written}”"
    if found is not None:
        return fields | {"hint": found[0], "hint_zh": found[1]}
    unit = target if key == "amount" else f"money/{target}".rstrip("/")
    return hints(reading.code, fields, unit, currency)


def _amount(number: str, written: str, target: str) -> Hint | None:
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
    units = [unit for unit in (siblings(target, "en")[0], rows_unit, target) if factor(unit, target)]
    listed = [f"{money}/{unit}" for unit in dict.fromkeys(units)]
    en, zh = " or ".join(listed), "或".join(listed)
    return f"write {number} here and as its unit {en}, whichever it is for", f"请在此写 {number}，单位写 {zh}（按实际）"


_TIMES = {
    **dict.fromkeys(("a", "年", "yr", "year", "y", "per year", "每年"), "year"),
    **dict.fromkeys(("h", "小时", "hour", "hr", "时"), "hour"),
    **dict.fromkeys(("d", "天", "日", "day"), "day"),
    **dict.fromkeys(("月", "month", "mo", "mon"), "month"),
    **dict.fromkeys(("s", "秒"), "second"),
}
KINDS = Catalogue(
    {
        "mass": ("mass", "质量"),
        "gas": ("gas volume", "气体体积"),
        "volume": ("volume", "体积"),
        "energy": ("energy", "能量"),
        "money": ("money", "金额"),
        "length": ("length", "长度"),
        "time": ("time", "时间"),
        "number": ("a number", "数目"),
    }
)


@dataclass(frozen=True, slots=True)
class Span:
    """A unit of an amount: its name in the list, or as it was written, and the time behind the stroke.

    `time` is ``""``, ``year``, ``hour``, ``day``, ``month`` or ``second``.
    """

    unit: str
    time: str = ""


def span(text: str, target: str = "") -> Span:
    """Parse the unit and time basis of an amount; `target` is the unit of the dataset.

    Examples
    --------
    >>> span("万吨/年"), span("Nm3/h"), span("t")
    (Span(unit='万吨', time='year'), Span(unit='Nm3', time='hour'), Span(unit='t', time=''))
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    head, stroke, tail = plain.rpartition("/")
    time = _TIMES.get(tail.strip().casefold(), "") if stroke else ""
    if not time and (found := re.fullmatch(r"(?:每年|年)\s*(.+)|(.+?)\s+(?:a year|per year|p\.?a\.?)", plain)):
        return Span(unit_named(found[1] or found[2], target), "year")
    return Span(unit_named(head, target), time) if time else Span(unit_named(plain, target))


def siblings(target: str, lang: str) -> list[str]:
    """Return the labels of the units of the same dimension; the unit alone where it is not listed."""
    if target not in UNITS:
        return [target]
    kind = UNITS[target].dimension
    names = [name for name, unit in UNITS.items() if unit.dimension == kind]
    return [label(name, "zh") if lang == "zh" else name for name in names]


def money_units(currency: str) -> Sequence[str]:
    """Return the units of money of a currency: itself and ten thousand of it."""
    return ("CNY", "万元") if currency == "CNY" else (currency, f"万{currency}")


def money_factor(text: str, currency: str) -> Decimal | None:
    """Return the value of a unit of money in a currency; None where it is none."""
    name = unit_named(text)
    if name == currency or (currency != "CNY" and name == f"万{currency}"):
        return Decimal(1) if name == currency else Decimal(10_000)
    return factor(name, "CNY") if currency == "CNY" else None
