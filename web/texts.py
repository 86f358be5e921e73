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
        "marks": (
            "* no published evidence: an estimate; † made up for illustration",
            "* 无公开资料：估算；† 无公开资料：示意",
        ),
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
