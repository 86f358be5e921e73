"""What a condition of a conflict says, in English and Chinese."""

from __future__ import annotations

from synergy.texts import Catalogue

TEXTS = Catalogue(
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
        "facility_required": (
            "facility {subject} may not stop: at least {amount:,.10g} a year",
            "装置 {subject} 不得停运：全年至少 {amount:,.10g}",
        ),
        "facility": (
            "facility {subject} runs at most {amount:,.10g} a year",
            "装置 {subject} 全年最多运行 {amount:,.10g}",
        ),
        "least_load": (
            "facility {subject} runs at {amount:,.10g} a year or more, or not at all",
            "装置 {subject} 要么停运，要么全年至少运行 {amount:,.10g}",
        ),
        "build": (
            "new unit {subject} has a size of at most {amount:,.10g}",
            "新建装置 {subject} 的规模不超过 {amount:,.10g}",
        ),
        "least_size": (
            "new unit {subject} has a size of at least {amount:,.10g} if it is built",
            "新建装置 {subject} 如建设，规模不小于 {amount:,.10g}",
        ),
        "fixed_capex": (
            "new unit {subject} takes a capex of {amount:,.10g}, whatever its size",
            "新建装置 {subject} 无论规模大小都需投资 {amount:,.10g}",
        ),
        "unit_capex": (
            "new unit {subject} takes a capex of {amount:,.10g} for each unit of its size",
            "新建装置 {subject} 每单位规模需投资 {amount:,.10g}",
        ),
        "link_capex": (
            "the link {subject} for {commodity} takes a capex of {amount:,.10g}",
            "线路 {subject}（{commodity}）需投资 {amount:,.10g}",
        ),
        "forbid": (
            "the round forbids the exchange {subject} (commodity {commodity})",
            "本轮禁止交换 {subject}（物料 {commodity}）",
        ),
        "link_forbidden": (
            "the link {subject} for {commodity} is forbidden by the tables",
            "数据表禁止使用线路 {subject}（{commodity}）",
        ),
        "allow_builds": ("new units are not allowed in the round", "本轮不允许新建装置"),
        "store": (
            "store {subject} holds at most {amount:,.10g} of {commodity}",
            "储存 {subject} 最多存放 {commodity} {amount:,.10g}",
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
        "link": (
            "the link {subject} carries at most {amount:,.10g} of {commodity}",
            "线路 {subject} 最多输送 {commodity} {amount:,.10g}",
        ),
        "keep": (
            "of offer {subject}, at most {amount:,.10g} of {commodity} may leave the site",
            "供给 {subject} 的 {commodity} 最多可外送 {amount:,.10g}，其余须自留",
        ),
        "quality_max": (
            "{subject} is at most {amount:,.10g} in what is taken of {commodity}",
            "所接收的 {commodity} 中 {subject} 不超过 {amount:,.10g}",
        ),
        "quality_min": (
            "{subject} is at least {amount:,.10g} in what is taken of {commodity}",
            "所接收的 {commodity} 中 {subject} 不低于 {amount:,.10g}",
        ),
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
