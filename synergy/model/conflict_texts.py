"""What a condition of a conflict says, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "need_required": (
            "need {subject} has to be met in full: {amount:,.10g} of {commodity}",
            "需求 {subject} 必须全部满足：{commodity} {amount:,.10g}",
        ),
        "need": (
            "need {subject} takes at most {amount:,.10g} of {commodity}",
            "需求 {subject} 最多接收 {commodity} {amount:,.10g}",
        ),
        "offer_required": (
            "offer {subject} has to leave in full: {amount:,.10g} of {commodity}",
            "供给 {subject} 必须全部运出：{commodity} {amount:,.10g}",
        ),
        "offer": (
            "offer {subject} gives at most {amount:,.10g} of {commodity}",
            "供给 {subject} 最多提供 {commodity} {amount:,.10g}",
        ),
        "market": (
            "market {subject} trades at most {amount:,.10g} of {commodity}",
            "市场 {subject} 最多交易 {commodity} {amount:,.10g}",
        ),
        "facility_required": (
            "facility {subject} may not stop: at least {amount:,.10g} a year",
            "装置 {subject} 不得停运：全年至少 {amount:,.10g}",
        ),
        "facility": (
            "facility {subject} runs at most {amount:,.10g} a year",
            "装置 {subject} 全年最多运行 {amount:,.10g}",
        ),
        "build": (
            "new unit {subject} runs at most {amount:,.10g} a year",
            "新建装置 {subject} 全年最多运行 {amount:,.10g}",
        ),
        "capex_budget": (
            "the capex budget of the round: at most {amount:,.10g}",
            "本轮投资预算：不超过 {amount:,.10g}",
        ),
        "co2_cap": (
            "the CO2 cap of the round: at most {amount:,.10g} t a year",
            "本轮二氧化碳上限：每年不超过 {amount:,.10g} t",
        ),
        "mode_share": (
            "of what moves of {commodity}, at least the part {amount:g} goes by {subject}",
            "{commodity} 运输中 {subject} 所占比例不低于 {amount:g}",
        ),
        "fix": (
            "the exchange {subject} is fixed: {amount:,.10g} of {commodity} a year",
            "交换 {subject} 已固定：{commodity} 每年 {amount:,.10g}",
        ),
        "max_partners": ("{subject} has at most {amount:g} partners", "{subject} 的合作方不超过 {amount:g} 家"),
        "link": ("the capacity of the link {subject} for {commodity}", "线路 {subject} 输送 {commodity} 的能力"),
        "keep": ("the part of offer {subject} that has to stay", "供给 {subject} 须自留的部分"),
        "quality_max": ("the greatest value that {subject} takes", "{subject} 的质量上限"),
        "quality_min": ("the least value that {subject} takes", "{subject} 的质量下限"),
        "market_take": (
            "market {subject} takes at most {amount:,.10g} of {commodity}",
            "市场 {subject} 最多收购 {commodity} {amount:,.10g}",
        ),
        "market_give": (
            "market {subject} gives at most {amount:,.10g} of {commodity}",
            "市场 {subject} 最多供应 {commodity} {amount:,.10g}",
        ),
    }
)
