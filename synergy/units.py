"""Units: the only place where a number changes its unit, and where amounts become words.

Datasets count commodities in units of their own; what is not in the list here is shown as it is and never converted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from synergy.errors import UsageError


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of the list.

    Parameters
    ----------
    dimension : str
        What it measures: units of one dimension convert into each other.
    factor : float
        How much of the dimension's first unit it is.
    en, zh : str
        How it is written.
    """

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

# how large amounts are written: from so many of the dimension's first unit on, in these words
_Ladder = tuple[tuple[float, str], ...]
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
_LARGER = {"MWh": ((1e3, "GWh"), (1e6, "TWh")), "GJ": ((1e3, "TJ"), (1e6, "PJ"))}
DIGITS = 3


def label(unit: str, lang: str = "en") -> str:
    """Return how a unit is written; a unit that is not in the list as it is.

    Parameters
    ----------
    unit : str
        Name in `UNITS`, or any other.
    lang : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str

    Examples
    --------
    >>> label("t", "zh"), label("kNm3"), label("pallet")
    ('吨', 'k Nm3', 'pallet')
    """
    known = UNITS.get(unit)
    if known is None:
        return unit
    return known.zh if lang == "zh" else known.en


def convert(value: float, unit: str, into: str) -> float:
    """Return an amount in another unit.

    Parameters
    ----------
    value : float
        The amount.
    unit, into : str
        Names in `UNITS`, of one dimension.

    Returns
    -------
    float

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
    """Return an amount as people write it, rounded to three digits.

    Parameters
    ----------
    value : float
        The amount.
    unit : str
        Its unit; one that is not in `UNITS` is kept behind the number.
    lang : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str

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
    """Return an amount of money as people write it, rounded to three digits.

    Parameters
    ----------
    value : float
        Money.
    currency : str
        The dataset's; CNY is 元 in Chinese.
    lang : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str

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
    """Return a number rounded to so many significant digits.

    Parameters
    ----------
    value : float
        Any number.
    digits : int
        Significant digits.

    Returns
    -------
    float
    """
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
