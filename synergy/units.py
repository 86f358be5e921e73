"""Units: the only place where a number changes its unit, and where amounts become words.

Datasets count commodities in units of their own; what is not in the list here is shown as it is and never converted.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from synergy.errors import UsageError

# how large amounts are written: from so many of the dimension's first unit on, in these words
_Ladder = tuple[tuple[float, str], ...]
_LARGER = {"MWh": ((1e3, "GWh"), (1e6, "TWh")), "GJ": ((1e3, "TJ"), (1e6, "PJ"))}
DIGITS = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of the list: `factor` of the first unit of its dimension, and how it is written."""

    dimension: str
    factor: float
    en: str
    zh: str


_ROWS: tuple[tuple[str, str, float, str, str], ...] = (
    ("t", "mass", 1.0, "t", "吨"),
    ("kg", "mass", 1e-3, "kg", "千克"),
    ("kt", "mass", 1e3, "kt", "千吨"),
    ("万吨", "mass", 1e4, "10 kt", "万吨"),
    ("Mt", "mass", 1e6, "Mt", "百万吨"),
    ("Nm3", "gas", 1.0, "Nm3", "Nm3"),
    ("kNm3", "gas", 1e3, "k Nm3", "千 Nm3"),
    ("万Nm3", "gas", 1e4, "10 k Nm3", "万 Nm3"),
    ("MNm3", "gas", 1e6, "M Nm3", "百万 Nm3"),
    ("亿Nm3", "gas", 1e8, "100 M Nm3", "亿 Nm3"),
    ("m3", "volume", 1.0, "m3", "立方米"),
    ("km3", "volume", 1e3, "k m3", "千立方米"),
    ("万m3", "volume", 1e4, "10 k m3", "万立方米"),
    ("GJ", "energy", 1.0, "GJ", "GJ"),
    ("MJ", "energy", 1e-3, "MJ", "MJ"),
    ("TJ", "energy", 1e3, "TJ", "TJ"),
    ("kWh", "energy", 3.6e-3, "kWh", "kWh"),
    ("MWh", "energy", 3.6, "MWh", "MWh"),
    ("GWh", "energy", 3.6e3, "GWh", "GWh"),
    ("万kWh", "energy", 36.0, "10 MWh", "万 kWh"),
    ("亿kWh", "energy", 3.6e5, "100 GWh", "亿 kWh"),
    ("tce", "energy", 29.3076, "tce", "吨标煤"),
    ("CNY", "money", 1.0, "CNY", "元"),
    ("万元", "money", 1e4, "10 k CNY", "万元"),
    ("M CNY", "money", 1e6, "M CNY", "百万元"),
    ("亿元", "money", 1e8, "100 M CNY", "亿元"),
    ("km", "length", 1.0, "km", "公里"),
    ("h", "time", 1.0, "h", "小时"),
    ("a", "time", 8760.0, "a", "年"),
    ("1", "number", 1.0, "", ""),
)
UNITS: Mapping[str, Unit] = MappingProxyType({name: Unit(*rest) for name, *rest in _ROWS})  # type: ignore[arg-type]
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
        "mcny": "M CNY", "亿": "亿元", "立方": "m3", "万立方": "万m3",
    }
)  # fmt: skip
# what people write for a unit of a gas, which is counted at normal conditions
_SPELLED_GAS: Mapping[str, str] = MappingProxyType(
    {
        "方": "Nm3", "立方": "Nm3", "千方": "kNm3", "万方": "万Nm3", "万立方": "万Nm3", "百万方": "MNm3",
        "亿方": "亿Nm3", "亿立方": "亿Nm3",
    }
)  # fmt: skip
_BY_LOOK = {name.casefold(): name for name in UNITS} | {
    written.casefold(): name for name, unit in UNITS.items() for written in (unit.en, unit.zh) if written
}

_THOUSANDS: Mapping[str, _Ladder] = {
    "mass": ((1e6, "Mt"), (1e3, "kt"), (0.0, "t")),
    "gas": ((1e9, "bn Nm3"), (1e6, "M Nm3"), (1e3, "k Nm3"), (0.0, "Nm3")),
    "volume": ((1e9, "bn m3"), (1e6, "M m3"), (1e3, "k m3"), (0.0, "m3")),
    "money": ((1e9, "bn"), (1e6, "M"), (1e3, "k"), (0.0, "")),
    "": ((1e9, "bn"), (1e6, "M"), (1e3, "k"), (0.0, "")),
}
_MYRIADS: Mapping[str, _Ladder] = {
    "mass": ((1e8, "亿吨"), (1e4, "万吨"), (0.0, "吨")),
    "gas": ((1e8, "亿 Nm3"), (1e4, "万 Nm3"), (0.0, "Nm3")),
    "volume": ((1e8, "亿立方米"), (1e4, "万立方米"), (0.0, "立方米")),
    "money": ((1e8, "亿"), (1e4, "万"), (0.0, "")),
    "": ((1e8, "亿"), (1e4, "万"), (0.0, "")),
}


def label(unit: str, lang: str = "en") -> str:
    """Return how a unit is written in a language; a unit that is not in the list as it is.

    Examples
    --------
    >>> label("t", "zh"), label("kNm3"), label("pallet")
    ('吨', 'k Nm3', 'pallet')
    """
    known = UNITS.get(unit)
    return unit if known is None else known.zh if lang == "zh" else known.en


def unit_named(text: str, target: str = "") -> str:
    """Return the listed unit that a text denotes; an unlisted or ambiguous one is returned as written.

    `target` is the unit of what is measured: a colloquial cubic metre of a gas is one at normal conditions.

    Examples
    --------
    >>> unit_named("吨"), unit_named("万 Nm³"), unit_named("万方", "kNm3"), unit_named("万方"), unit_named("pallet")
    ('t', '万Nm3', '万Nm3', '万m3', 'pallet')
    >>> unit_named("Mt"), unit_named("mt"), unit_named("mwh"), unit_named("mWh")
    ('Mt', 'mt', 'MWh', 'mWh')
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain in UNITS:
        return plain
    bare = re.sub(r"\s+", "", plain)
    if target in UNITS and UNITS[target].dimension == "gas" and bare in _SPELLED_GAS:
        return _SPELLED_GAS[bare]
    if bare in UNITS:
        return bare
    for look in (plain.casefold(), bare.casefold()):
        name = _SPELLED.get(look) or _BY_LOOK.get(look)
        if name is not None:
            return plain if _millionfold(bare, name) else name
    return plain


def _millionfold(bare: str, name: str) -> bool:
    """Whether a unit of millions is written as another one: `mt`, `MT` (metric ton), `mWh`, `mNm3` (a thousandth)."""
    if not name.startswith("M") or UNITS[name].dimension == "money":
        return False
    return bare.casefold() == "mt" or bare == f"m{name[1:]}"


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


def convert(value: float, unit: str, into: str) -> float:
    """Return an amount in another unit of `UNITS` of the same dimension.

    Raises
    ------
    UsageError
        A unit is unknown, or they measure different things.

    Examples
    --------
    >>> convert(1.24, "Mt", "万吨"), convert(1.0, "MWh", "GJ")
    (124.0, 3.6)
    """
    if unit == into:
        return value
    for name in (unit, into):
        if name not in UNITS:
            raise UsageError(f"unknown unit {name!r}")
    source, target = UNITS[unit], UNITS[into]
    if source.dimension != target.dimension:
        raise UsageError(f"{unit} measures {source.dimension}, {into} measures {target.dimension}")
    return value * source.factor / target.factor


def amount(value: float, unit: str, lang: str = "en") -> str:
    """Return an amount as people write it, rounded to three digits; a unit not in `UNITS` is kept behind the number.

    Examples
    --------
    >>> amount(38_000, "kNm3"), amount(380_000, "kNm3", "zh"), amount(1_240_000, "t")
    ('38 M Nm3', '3.8 亿 Nm3', '1.24 Mt')
    """
    known = UNITS.get(unit)
    ladders = _MYRIADS if lang == "zh" else _THOUSANDS
    if known is not None and known.dimension in ladders and known.dimension != "money":
        return _on_ladder(value * known.factor, ladders[known.dimension], "")
    if lang != "zh" and unit in _LARGER:
        steps = [step for step in _LARGER[unit] if round_to(abs(value)) >= step[0]]
        factor, name = max(steps, default=(1.0, unit))
        return f"{_digits(value / factor)} {name}"
    return _on_ladder(value, ladders[""], label(unit, lang))


def money(value: float, currency: str = "CNY", lang: str = "en") -> str:
    """Return an amount of money as people write it, rounded to three digits; CNY is 元 in Chinese.

    Examples
    --------
    >>> money(38_200_000), money(38_200_000, lang="zh"), money(-1234.5, "EUR")
    ('38.2 M CNY', '3820 万元', '-1.23 k EUR')
    """
    if lang == "zh" and currency == "CNY":
        ladder = tuple((least, f"{word}元") for least, word in _MYRIADS["money"])
        return _on_ladder(value, ladder, "")
    return _on_ladder(value, (_MYRIADS if lang == "zh" else _THOUSANDS)["money"], currency)


def round_to(value: float, digits: int = DIGITS) -> float:
    """Return a number rounded to so many significant digits."""
    if not value or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def _on_ladder(value: float, ladder: _Ladder, unit: str) -> str:
    rounded = abs(round_to(value))
    least, word = next(step for step in ladder if rounded >= step[0] or not step[0])
    return " ".join(part for part in (_digits(value / (least or 1.0)), word, unit) if part)


def _digits(value: float) -> str:
    rounded = round_to(value)
    if not math.isfinite(rounded):
        return str(rounded)
    if rounded == int(rounded):
        return f"{int(rounded)}"
    return f"{rounded:.10f}".rstrip("0").rstrip(".") if abs(rounded) >= 1e-6 or not rounded else f"{rounded:.2e}"
