"""What a condition of a conflict says, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "need_required": (
            "need {subject} has to be met in full: {amount:g} of {commodity}",
            "需求 {subject} 必须全部满足：{commodity} {amount:g}",
        ),
        "need": (
            "need {subject} takes at most {amount:g} of {commodity}",
            "需求 {subject} 最多接收 {commodity} {amount:g}",
        ),
        "offer_required": (
            "offer {subject} has to leave in full: {amount:g} of {commodity}",
            "供给 {subject} 必须全部运出：{commodity} {amount:g}",
        ),
        "offer": (
            "offer {subject} gives at most {amount:g} of {commodity}",
            "供给 {subject} 最多提供 {commodity} {amount:g}",
        ),
        "market": (
            "market {subject} trades at most {amount:g} of {commodity}",
            "市场 {subject} 最多交易 {commodity} {amount:g}",
        ),
        "facility_required": (
            "facility {subject} may not stop: at least {amount:g} a year",
            "装置 {subject} 不得停运：全年至少 {amount:g}",
        ),
        "facility": ("facility {subject} runs at most {amount:g} a year", "装置 {subject} 全年最多运行 {amount:g}"),
        "build": ("new unit {subject} runs at most {amount:g} a year", "新建装置 {subject} 全年最多运行 {amount:g}"),
        "capex_budget": ("the capex budget of the round", "本轮投资预算"),
        "co2_cap": ("the CO2 cap of the round", "本轮二氧化碳上限"),
        "mode_share": ("share of modes no. {subject} of the round", "本轮运输方式占比要求 {subject}"),
        "fix": ("fixed exchange no. {subject} of the round", "本轮固定交换 {subject}"),
        "max_partners": ("the greatest number of partners", "合作方数量上限"),
        "link": ("the capacity of a link", "线路能力"),
        "keep": ("the part of an offer that has to stay", "供给须自留的部分"),
        "quality_max": ("a greatest value of a quality", "质量上限"),
        "quality_min": ("a least value of a quality", "质量下限"),
        "market_take": ("the limit of a selling market", "售出市场限量"),
        "market_give": ("the limit of a buying market", "购入市场限量"),
    }
)
