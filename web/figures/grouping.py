"""Aggregation of streams: firms are grouped by county or another key, and the smallest groups are merged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from synergy.web.figures.sankey_layout import Stream

LIMIT = 150  # ribbons that one picture can carry
OTHERS = "\x00others"  # key of what is not shown by name; no id has such a sign
_MOST, _FEWEST = 14, 5  # groups by name
# cities and counties around it where goods go to
AROUND: Mapping[str, str] = MappingProxyType({"Taiyuan": "太原市", "Jiexiu": "介休市", "Lvliang": "吕梁市"})


@dataclass(frozen=True, slots=True)
class Grouped:
    """Streams reduced to a number that fits into a figure, between firms or, `by_group`, between groups and `OTHERS`.

    `left_out` counts the commodities omitted from the figure; the table still lists them.
    """

    streams: tuple[Stream, ...]
    by_group: bool = False
    left_out: int = 0


def grouped(streams: Sequence[Stream], group: Mapping[str, str], limit: int = LIMIT, always: bool = False) -> Grouped:
    """Reduce streams to at most `limit` ribbons by grouping firms, merging small groups and omitting commodities.

    `group` is the group of each firm; one without forms its own. `always` groups even if the streams are within the
    limit.
    """
    if count(streams) <= limit and not always:
        return Grouped(tuple(streams))
    found = _by(streams, {end: group.get(end) or end for one in streams for end in (one.supplier, one.user)})
    most = _MOST
    weight = _weights(found)
    names = sorted(weight, key=lambda name: (-weight[name], name))
    shown = found
    while count(shown) > limit and most >= _FEWEST:
        kept = set(names[:most])
        shown = _by(found, {name: name if name in kept else OTHERS for name in names})
        most -= 3
    left_out = 0
    while count(shown) > limit:
        goods: dict[str, int] = defaultdict(int)
        for one in shown:
            goods[one.commodity] += 1
        least = min(goods, key=lambda good: (goods[good], good))
        shown = tuple(one for one in shown if one.commodity != least)
        left_out += 1
    return Grouped(tuple(shown), by_group=True, left_out=left_out)


def count(streams: Sequence[Stream]) -> int:
    """Return the number of ribbons of streams: one per supplier or user and commodity."""
    left = {(one.supplier, one.commodity) for one in streams}
    return len(left) + len({(one.user, one.commodity) for one in streams})


def _by(streams: Sequence[Stream], name: Mapping[str, str]) -> tuple[Stream, ...]:
    """Return streams summed by group; a sum keeps the link only if all its streams share it."""
    sums: dict[tuple[str, str, str], Stream] = {}
    for one in streams:
        key = (name[one.supplier], one.commodity, name[one.user])
        before = sums.get(key)
        quantity = one.quantity + (before.quantity if before else 0.0)
        href = one.href if before is None or before.href == one.href else ""
        sums[key] = replace(one, supplier=key[0], user=key[2], quantity=quantity, href=href)
    return tuple(sums[key] for key in sorted(sums))


def _weights(streams: Sequence[Stream]) -> dict[str, float]:
    """Return the weight of each group: the sum of its shares in the total quantity of each commodity."""
    totals: dict[str, float] = defaultdict(float)
    for one in streams:
        totals[one.commodity] += one.quantity
    found: dict[str, float] = defaultdict(float)
    for one in streams:
        for end in (one.supplier, one.user):
            found[end] += one.quantity / totals[one.commodity]
    return found


# id: name in English, in Chinese, latitude and longitude of the seat in degrees. Public table of administrative
# coordinates (datasets/lvliang/sources/geography.csv); its datum is 0.6 km off WGS 84 at most, less than a px here
COUNTIES: Mapping[str, tuple[str, str, float, float]] = MappingProxyType(
    {
        "Xiaoyi": ("Xiaoyi", "孝义市", 37.146294, 111.778818),
        "Fenyang": ("Fenyang", "汾阳市", 37.261756, 111.770477),
        "Wenshui": ("Wenshui", "文水县", 37.438101, 112.028866),
        "Jiaocheng": ("Jiaocheng", "交城县", 37.551963, 112.156064),
        "Lishi": ("Lishi", "离石区", 37.51786, 111.150695),
        "Liulin": ("Liulin", "柳林县", 37.429772, 110.889007),
        "Zhongyang": ("Zhongyang", "中阳县", 37.357058, 111.179657),
        "Jiaokou": ("Jiaokou", "交口县", 36.982186, 111.181151),
        "Lanxian": ("Lanxian", "岚县", 38.279299, 111.671917),
        "Xingxian": ("Xingxian", "兴县", 38.462389, 111.127667),
        "Linxian": ("Linxian", "临县", 37.950758, 110.992093),
        "Fangshan": ("Fangshan", "方山县", 37.894631, 111.244098),
        "Shilou": ("Shilou", "石楼县", 36.99857, 110.834634),
    }
)


def county_name(county: str, lang: str) -> str:
    """Return the localized name of a county of a dataset; unknown counties are returned unchanged.

    Examples
    --------
    >>> county_name("Xiaoyi", "zh"), county_name("Hexi", "zh")
    ('孝义市', 'Hexi')
    """
    known = COUNTIES.get(county)
    if known is None:
        return AROUND.get(county, county) if lang == "zh" else county
    return known[1] if lang == "zh" else known[0]
