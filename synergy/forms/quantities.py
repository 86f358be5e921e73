"""Units of a form: an amount a year, and money for a unit, as people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from synergy.units import UNITS, label

# what people write for a unit of the list
_SPELLED: Mapping[str, str] = MappingProxyType(
    {
        "吨": "t", "ton": "t", "tons": "t", "tonne": "t", "tonnes": "t", "公斤": "kg", "千克": "kg", "千吨": "kt",
        "万t": "万吨", "10kt": "万吨", "百万吨": "Mt", "标方": "Nm3", "标准立方米": "Nm3", "标立方米": "Nm3",
        "nm3": "Nm3", "knm3": "kNm3", "千nm3": "kNm3", "千标方": "kNm3", "万nm3": "万Nm3", "万标方": "万Nm3",
        "mnm3": "MNm3", "百万nm3": "MNm3", "亿nm3": "亿Nm3", "立方米": "m3", "方": "m3", "千立方米": "km3",
        "万立方米": "万m3", "万方": "万m3", "度": "kWh", "千瓦时": "kWh", "kwh": "kWh", "mwh": "MWh", "兆瓦时": "MWh",
        "gwh": "GWh", "万度": "万kWh", "万千瓦时": "万kWh", "万kwh": "万kWh", "亿度": "亿kWh", "亿千瓦时": "亿kWh",
        "gj": "GJ", "吉焦": "GJ", "mj": "MJ", "兆焦": "MJ", "tj": "TJ", "吨标煤": "tce", "吨标准煤": "tce",
        "元": "CNY", "人民币": "CNY", "rmb": "CNY", "cny": "CNY", "yuan": "CNY", "万": "万元", "百万元": "M CNY",
        "mcny": "M CNY", "亿": "亿元",
    }
)  # fmt: skip
_TIMES = {
    **dict.fromkeys(("a", "年", "yr", "year", "y", "per year", "每年"), "year"),
    **dict.fromkeys(("h", "小时", "hour", "hr", "时"), "hour"),
    **dict.fromkeys(("d", "天", "日", "day"), "day"),
    **dict.fromkeys(("月", "month", "mo", "mon"), "month"),
    **dict.fromkeys(("s", "秒"), "second"),
}
PER_YEAR: Mapping[str, int] = MappingProxyType({"hour": 8760, "day": 365, "month": 12, "second": 8760 * 3600})
KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
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
_BY_LOOK = {name.casefold(): name for name in UNITS} | {
    written.casefold(): name for name, unit in UNITS.items() for written in (unit.en, unit.zh) if written
}


@dataclass(frozen=True, slots=True)
class Span:
    """A unit of an amount.

    Parameters
    ----------
    unit : str
        Name in the list, or as it was written.
    time : str
        ``""``, ``year``, ``hour``, ``day``, ``month`` or ``second`` behind the stroke.
    """

    unit: str
    time: str = ""


def unit_named(text: str) -> str:
    """Return the unit of the list that a text means; one that is not in it as it was written.

    Examples
    --------
    >>> unit_named("吨"), unit_named("万 Nm³"), unit_named("knm3"), unit_named("pallet")
    ('t', '万Nm3', 'kNm3', 'pallet')
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain in UNITS:
        return plain
    bare = re.sub(r"\s+", "", plain)
    if bare in UNITS:
        return bare
    for look in (plain.casefold(), bare.casefold()):
        if look in _SPELLED:
            return _SPELLED[look]
        if look in _BY_LOOK:
            return _BY_LOOK[look]
    return plain


def span(text: str) -> Span:
    """Return the unit of an amount and the time that it is for.

    Examples
    --------
    >>> span("万吨/年"), span("Nm3/h"), span("t")
    (Span(unit='万吨', time='year'), Span(unit='Nm3', time='hour'), Span(unit='t', time=''))
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    head, stroke, tail = plain.rpartition("/")
    time = _TIMES.get(tail.strip().casefold(), "") if stroke else ""
    if not time and (found := re.fullmatch(r"(?:每年|年)\s*(.+)|(.+?)\s+(?:a year|per year|p\.?a\.?)", plain)):
        return Span(unit_named(found[1] or found[2]), "year")
    return Span(unit_named(head), time) if time else Span(unit_named(plain))


def factor(unit: str, target: str) -> Decimal | None:
    """Return how many `target` a `unit` is; None where they do not measure the same.

    Examples
    --------
    >>> factor("万吨", "t"), factor("GJ", "t"), factor("pallet", "pallet")
    (Decimal('10000'), None, Decimal('1'))
    """
    if unit == target:
        return Decimal(1)
    one, other = UNITS.get(unit), UNITS.get(target)
    if one is None or other is None or one.dimension != other.dimension:
        return None
    ratio = (Decimal(repr(one.factor)) / Decimal(repr(other.factor))).normalize()
    return Decimal(int(ratio)) if ratio == ratio.to_integral_value() else ratio


def siblings(target: str, lang: str) -> list[str]:
    """Return how the units of the dimension of a unit are written; the unit alone where it is not in the list."""
    if target not in UNITS:
        return [target]
    kind = UNITS[target].dimension
    names = [name for name, unit in UNITS.items() if unit.dimension == kind]
    return [label(name, "zh") if lang == "zh" else name for name in names]


def counted_in(unit: str) -> str:
    """Return the unit in which an activity is counted: ``t coke`` is counted in tons.

    Examples
    --------
    >>> counted_in("t coke"), counted_in("kNm3"), counted_in("")
    ('t', 'kNm3', '')
    """
    whole = unit_named(unit)
    if whole in UNITS or not unit.strip():
        return whole
    first = unit_named(unit.split(maxsplit=1)[0])
    return first if first in UNITS else whole


def money_units(currency: str) -> Sequence[str]:
    """Return the units of money of a currency: itself and ten thousand of it."""
    return ("CNY", "万元") if currency == "CNY" else (currency, f"万{currency}")


def money_factor(text: str, currency: str) -> Decimal | None:
    """Return how much money of a currency a unit of money is; None where it is none."""
    name = unit_named(text)
    if name == currency or (currency != "CNY" and name == f"万{currency}"):
        return Decimal(1) if name == currency else Decimal(10_000)
    return factor(name, "CNY") if currency == "CNY" else None
