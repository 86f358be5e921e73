"""What the command line says of settlements, in English and Chinese."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
SETTLEMENT_WORDS = Catalogue(
    {
        "option.settlement": (
            "core (default), nucleolus, shapley, owen, midpoint or proportional: who gets what of the gain; "
            "standalone: the gain alone; none: the plan alone.",
            "core（默认，核心）、nucleolus、shapley、owen、midpoint、proportional：增益分配方法；"
            "standalone：只计算增益；none：仅方案。",
        ),
        "option.base": (
            "What `proportional` shares by: weight (default), standalone, or an indicator of the dataset.",
            "proportional 的分配依据：weight（默认）、standalone 或数据集中的指标。",
        ),
        "phase.settlement": ("sharing the gain", "分配增益"),
        "phase.prices": ("prices", "定价"),
        "phase.unsettled": ("stopped before the gain was shared", "已停止，未分配增益"),
        "unsettled": (
            "Stopped as asked: the best plan so far is told without its settlement, which would have taken longer.",
            "已按要求停止：给出目前最好的方案，未完成其增益分配（所需时间更长）。",
        ),
        "settled.head": ("Settlement: {method}", "收益分配：{method}"),
        "settled.enterprise": ("Enterprise", "企业"),
        "settled.alone": ("Alone", "单独价值"),
        "settled.payoff": ("Gets", "所得"),
        "settled.gain": ("Gain", "增益"),
        "settled.transfer": ("From the others", "净收转移"),
        "settled.more": ("{count} more enterprises: --all shows them", "另有 {count} 家企业：用 --all 查看"),
        "settled.stable": (
            "Stable: no group of enterprises can do better on its own (proven, {count} coalitions valued).",
            "稳定：任何企业组合单独行动都不会更好（已证明，计算了 {count} 个联盟）。",
        ),
        "settled.open": (
            "No group is known to do better on its own ({count} coalitions valued); proven: none by more than {bound}.",
            "未发现单独行动更好的企业组合（计算了 {count} 个联盟）；已证明：任何组合至多多得 {bound}。",
        ),
        "settled.beaten": (
            "Not stable: {names} would do better on their own by {excess}.",
            "不稳定：{names} 单独行动可多得 {excess}。",
        ),
        "settled.subsidy": (
            "Least subsidy that makes it stable: {total}, to {names}.",
            "使其稳定的最小补贴：{total}，给予 {names}。",
        ),
        "settled.prices": (
            "{count} exchanges have prices; lump sums beside them: {lump}.",
            "{count} 项交换已定价；价格之外的差额补偿合计：{lump}。",
        ),
    }
)
