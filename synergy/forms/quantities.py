"""Units of a form: an amount a year, and money for a unit, as people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from synergy.texts import Catalogue
from synergy.units import UNITS, factor, label, unit_named

_TIMES = {
    **dict.fromkeys(("a", "年", "yr", "year", "y", "per year", "每年"), "year"),
    **dict.fromkeys(("h", "小时", "hour", "hr", "时"), "hour"),
    **dict.fromkeys(("d", "天", "日", "day"), "day"),
    **dict.fromkeys(("月", "month", "mo", "mon"), "month"),
    **dict.fromkeys(("s", "秒"), "second"),
}
PER_YEAR: Mapping[str, int] = MappingProxyType({"hour": 8760, "day": 365, "month": 12, "second": 8760 * 3600})
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


def span(text: str, target: str = "") -> Span:
    """Return the unit of an amount of what is counted in `target`, and the time that it is for.

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
    """Return how the units of the dimension of a unit are written; the unit alone where it is not in the list."""
    if target not in UNITS:
        return [target]
    kind = UNITS[target].dimension
    names = [name for name, unit in UNITS.items() if unit.dimension == kind]
    return [label(name, "zh") if lang == "zh" else name for name in names]


def money_units(currency: str) -> Sequence[str]:
    """Return the units of money of a currency: itself and ten thousand of it."""
    return ("CNY", "万元") if currency == "CNY" else (currency, f"万{currency}")


def money_factor(text: str, currency: str) -> Decimal | None:
    """Return how much money of a currency a unit of money is; None where it is none."""
    name = unit_named(text)
    if name == currency or (currency != "CNY" and name == f"万{currency}"):
        return Decimal(1) if name == currency else Decimal(10_000)
    return factor(name, "CNY") if currency == "CNY" else None
