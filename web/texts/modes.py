"""Localized names of modes of transport."""

from __future__ import annotations

from synergy.texts import Catalogue

# modes of transport by the words their ids are made of; sizes behind them, as dn300, are shown in capitals
MODES = Catalogue(
    {
        "truck": ("truck", "公路"),
        "rail": ("rail", "铁路"),
        "siding": ("rail siding", "铁路专用线"),
        "tanker": ("tank truck", "罐车"),
        "cryo-tanker": ("cryogenic tank truck", "低温罐车"),
        "pressure-tanker": ("pressure tank truck", "压力罐车"),
        "co2-tanker": ("CO2 tank truck", "二氧化碳罐车"),
        "tube-trailer": ("tube trailer", "长管拖车"),
        "h2truck": ("hydrogen truck", "氢能卡车"),
        "conveyor": ("conveyor", "皮带走廊"),
        "transfer": ("transfer", "转让"),
        "pipe": ("pipe", "管道"),
        "gas-pipe": ("gas pipe", "燃气管道"),
        "h2-pipe": ("hydrogen pipe", "氢气管道"),
        "co2-pipe": ("CO2 pipe", "二氧化碳管道"),
        "water-pipe": ("water pipe", "水管"),
        "wastewater-pipe": ("wastewater pipe", "污水管"),
        "water": ("water pipe", "水管"),
        "steam": ("steam pipe", "蒸汽管道"),
        "wire": ("power line", "电力线路"),
    }
)


def mode(name: str, lang: str) -> str:
    """Return the localized name of a mode of transport; unknown modes are returned unchanged.

    Examples
    --------
    >>> mode("pipe-dn300", "zh"), mode("wire-35kv", "en"), mode("ferry", "zh")
    ('管道 DN300', 'power line 35 kV', 'ferry')
    """
    if name in MODES:
        return MODES.say(name, lang)
    kind, _, size = name.rpartition("-")
    if kind not in MODES:
        return name
    written = f"{size.removesuffix('kv')} kV" if size.endswith("kv") else size.upper()
    return f"{MODES.say(kind, lang)} {written}"
