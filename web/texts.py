"""Words of the pages, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LANGUAGES = ("en", "zh")
HTML_LANG = {"en": "en", "zh": "zh-CN"}
# English, Chinese
WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "site": ("Synergy", "协同匹配"),
        "skip": ("Skip to the content", "跳到正文"),
        "other": ("中文", "English"),
        "proposals": ("Proposals", "协同建议"),
        "all_kinds": ("All kinds", "全部类型"),
        "filter": ("Kind of proposal", "建议类型"),
        "summary": ("The plan in figures", "方案概览"),
        "value": ("Value of the plan", "方案价值"),
        "bound": ("Proven bound", "已证明的上界"),
        "gap": ("Proven gap", "已证明的间隙"),
        "gain": ("Gain of cooperation", "协同增益"),
        "status": ("Status", "状态"),
        "caption": ("Proposals by gain", "按增益排列的建议"),
        "none": ("There is no proposal of this kind.", "没有此类建议。"),
        "back": ("All proposals", "全部建议"),
        "partners": ("Partners", "参与企业"),
        "money": ("Money", "经济性"),
        "marginal": ("Lost without it", "缺少时的损失"),
        "terms": ("Who delivers what to whom", "供需关系"),
        "from": ("From", "供方"),
        "to": ("To", "收方"),
        "commodity": ("Commodity", "物料"),
        "quantity": ("Quantity a year", "年量"),
        "builds": ("New units", "新建装置"),
        "process": ("Process", "工艺"),
        "place": ("Place", "地点"),
        "capacity": ("Capacity a year", "年能力"),
        "links": ("New links", "新建线路"),
        "mode": ("Mode", "方式"),
        "length": ("Length", "长度"),
        "notes": ("To be minded", "注意事项"),
        "price": ("Price", "价格"),
        "capex_all": ("Capex of all proposals", "全部建议的投资"),
        "co2_note": (
            "CO2 is what the region emits, against today's deals; negative: more is emitted, as where more is made. "
            "What the grid emits for bought power is not in it.",
            "减碳按区域内排放、与现有交易相比计算；负值表示排放增加（例如产量增加）。外购电力在电网侧的排放不计入。",
        ),
        "count": ("Number of proposals", "建议数量"),
        "today": ("Value today", "当前价值"),
        "co2": ("CO2 emitted under the plan", "方案的碳排放"),
        "before": (" (today {})", "（现状 {}）"),
        "comma": ("; ", "、"),
        "not_found": ("There is nothing at this address.", "此地址没有内容。"),
        "wrong_method": ("This address does not take such a request.", "此地址不接受该请求。"),
        "failed": ("Something went wrong on our side.", "服务器出现问题。"),
        "home": ("To the proposals", "返回建议列表"),
        "synthetic": (
            "Capacities and places are public facts or marked estimates; all economics are synthetic.",
            "产能与位置为公开资料或已标注的估算；全部经济数据为模拟。",
        ),
    }
)
# modes of transport by the words their ids are made of; sizes behind them, as dn300, are shown in capitals
MODES: Mapping[str, tuple[str, str]] = MappingProxyType(
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


def word(key: str, lang: str) -> str:
    """Return one word of the pages.

    Parameters
    ----------
    key : str
        Its name in `WORDS`.
    lang : str
        ``en`` or ``zh``.

    Returns
    -------
    str
    """
    return WORDS[key][LANGUAGES.index(lang)]


def mode(name: str, lang: str) -> str:
    """Return the name of a mode of transport; one that is not known as it is.

    Examples
    --------
    >>> mode("pipe-dn300", "zh"), mode("wire-35kv", "en"), mode("ferry", "zh")
    ('管道 DN300', 'power line 35 kV', 'ferry')
    """
    whole = MODES.get(name)
    if whole is not None:
        return whole[LANGUAGES.index(lang)]
    kind, _, size = name.rpartition("-")
    if kind not in MODES:
        return name
    written = f"{size.removesuffix('kv')} kV" if size.endswith("kv") else size.upper()
    return f"{MODES[kind][LANGUAGES.index(lang)]} {written}"
