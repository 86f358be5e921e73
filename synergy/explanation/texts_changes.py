"""What changes say in an explanation, and the words around reasons and changes, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from synergy.explanation.texts import Saying
from synergy.texts import Catalogue

_ENTERS = {"quantity": "amount"}
CHANGES: Mapping[str, Saying] = MappingProxyType(
    {
        "subsidy": Saying(
            "a subsidy of {amount}: then {quantity} a year",
            "补贴 {amount}：届时每年 {quantity}",
            "a subsidy per unit",
            "按量补贴",
            {"amount": "rate"} | _ENTERS,
        ),
        "transport": Saying(
            "carrying it for {amount} less than the {now} of now: then {quantity} a year",
            "运输成本由 {now} 降低 {amount}：届时每年 {quantity}",
            "cheaper transport",
            "降低运输成本",
            {"amount": "rate", "now": "rate"} | _ENTERS,
        ),
        "distance": Saying(
            "being {amount} nearer, {km} apart: then {quantity} a year",
            "运距缩短 {amount}（至 {km}）：届时每年 {quantity}",
            "being nearer",
            "缩短距离",
            {"amount": "km", "km": "km"} | _ENTERS,
        ),
        "price_paid": Saying(
            "a price paid there that is {amount} higher: then {quantity} a year",
            "需方出价提高 {amount}：届时每年 {quantity}",
            "a higher price paid there",
            "提高需方出价",
            {"amount": "rate"} | _ENTERS,
        ),
        "price_asked": Saying(
            "a price asked that is {amount} lower: then {quantity} a year",
            "供方要价降低 {amount}：届时每年 {quantity}",
            "a lower price asked",
            "降低供方要价",
            {"amount": "rate"} | _ENTERS,
        ),
        "grant": Saying(
            "a grant of {amount} towards what has to be built: then {quantity} a year",
            "对所需建设每年资助 {amount}：届时每年 {quantity}",
            "a grant towards what has to be built",
            "对所需建设给予资助",
            {"amount": "money"} | _ENTERS,
        ),
        "supply": Saying(
            "{amount} more of it to give: then {quantity} a year",
            "供方增加 {amount}：届时每年 {quantity}",
            "more of it to give",
            "增加供给",
            {"amount": "amount"} | _ENTERS,
        ),
        "need": Saying(
            "{amount} more of it wanted: then {quantity} a year",
            "需方增加 {amount}：届时每年 {quantity}",
            "more of it wanted",
            "增加需求",
            {"amount": "amount"} | _ENTERS,
        ),
        "feedstock": Saying(
            "{amount} more {input} for {unit}: then {quantity} a year",
            "为 {unit} 增加 {input} {amount}：届时每年 {quantity}",
            "more feedstock, or one more partner, for the unit",
            "为该装置增加原料或合作方",
            {"amount": "other", "input": "commodity", "unit": "word"} | _ENTERS,
        ),
        "quality": Saying(
            "{property} better by {amount}: then {quantity} a year",
            "{property} 改善 {amount}：届时每年 {quantity}",
            "a better quality",
            "改善质量",
            {"property": "word", "amount": "plain"} | _ENTERS,
        ),
        "budget": Saying(
            "{amount} more capex budget: then {quantity} a year",
            "投资预算增加 {amount}：届时每年 {quantity}",
            "more capex budget",
            "增加投资预算",
            {"amount": "sum"} | _ENTERS,
        ),
        "cap": Saying(
            "{amount} more under the CO2 cap: then {quantity} a year",
            "二氧化碳上限增加 {amount}：届时每年 {quantity}",
            "a higher CO2 cap",
            "提高二氧化碳上限",
            {"amount": "co2"} | _ENTERS,
        ),
        "partners": Saying(
            "{amount} more partners allowed: then {quantity} a year",
            "允许的合作方增加 {amount} 个：届时每年 {quantity}",
            "more partners allowed",
            "允许更多合作方",
            {"amount": "plain"} | _ENTERS,
        ),
        "keep": Saying(
            "{amount} less to keep: then {quantity} a year",
            "自留量减少 {amount}：届时每年 {quantity}",
            "less to keep",
            "减少自留",
            {"amount": "amount"} | _ENTERS,
        ),
        "charge": Saying(
            "a charge of {amount} on it", "对其加收 {amount}", "a charge on it", "对其收费", {"amount": "rate"}
        ),
        "price_paid_less": Saying(
            "a price paid there that is {amount} lower",
            "需方出价降低 {amount}",
            "a lower price paid there",
            "需方出价降低",
            {"amount": "rate"},
        ),
        "price_asked_more": Saying(
            "a price asked that is {amount} higher",
            "供方要价提高 {amount}",
            "a higher price asked",
            "供方要价提高",
            {"amount": "rate"},
        ),
    }
    | {
        kind: Saying(f"{en}: then {{quantity}} a year", f"{zh}：届时每年 {{quantity}}", en, zh, _ENTERS)
        for kind, en, zh in (
            ("without_mode_share", "without the share of modes", "取消运输方式占比要求"),
            ("without_fix", "without the fixed quantity", "取消固定数量"),
            ("without_least_load", "without the least load", "取消最低负荷"),
            ("without_min_scale", "without the least size", "取消最小规模"),
            ("without_compulsory", "without what is compulsory elsewhere", "取消别处的强制要求"),
            ("mend_no_outlet", "some of it to give, at no price", "供方有该物料且不要价"),
            ("mend_no_inlet", "somebody there who takes it", "需方有人接收"),
            ("mend_no_builds", "new builds allowed", "允许新建装置"),
            ("mend_forbidden", "lifting the ban", "解除禁止"),
            ("mend_no_link", "a link that carries it free of cost", "有一条免费的运输线路"),
            ("mend_quality_unstated", "stating the quality, at the limit or better", "说明质量且达到限值"),
        )
    }
    | {
        "mend_too_far": Saying(
            "being {amount} nearer: then {quantity} a year",
            "运距缩短 {amount}：届时每年 {quantity}",
            "being nearer, or going farther with the mode",
            "缩短距离或延长该方式的运距",
            {"amount": "km"} | _ENTERS,
        ),
    }
)
_COST = ("price_paid", "price_asked", "transport", "subsidy")
# what a firm is told that might help, by reason alone: what was found by solving rests on everybody's data
HINTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **{
            code: (f"mend_{code}",)
            for code in ("no_outlet", "no_inlet", "no_builds", "too_far", "forbidden", "no_link", "quality_unstated")
        },
        **{code: (f"without_{code}",) for code in ("mode_share", "fix", "compulsory")},
        "market": _COST,
        "cost": _COST,
        "tie": _COST,
        "cost_open": (*_COST, "grant"),
        "capex": ("grant", *_COST),
        "build_cost": ("grant", "feedstock"),
        "min_scale": ("feedstock", "without_min_scale"),
        "least_load": ("feedstock", "without_least_load"),
        "quality": ("quality",),
        "keep": ("keep",),
        "max_partners": ("partners",),
        "capex_budget": ("budget",),
        "co2_cap": ("cap",),
        "supply_exhausted": ("supply", "price_paid"),
        "need_met": ("need", "price_asked"),
    }
)
WORDS = Catalogue(
    {
        "head": ("{good} from {origin} to {target}{when}", "{good}：{origin} → {target}{when}"),
        "when": (", {period}", "，{period}"),
        "in": ("In the plan.", "在方案中。"),
        "out": ("Not in the plan.", "不在方案中。"),
        "why": ("Why", "原因"),
        "even_then": ("even then: ", "即便如此："),
        "enters": ("What would bring it in, one change at a time", "何种单项改变可使其进入方案"),
        "helps": ("What might bring it in", "可能使其进入方案的改变"),
        "nothing_known": ("nothing that could be said from your own figures", "根据贵企业自身数据无法给出建议"),
        "leaves": ("What would throw it out, one change at a time", "何种单项改变会使其退出方案"),
        "nothing": ("no single change that was tried brings it in", "所尝试的单项改变均不能使其进入方案"),
        "after": (" (together with: {what})", "（并且：{what}）"),
        "instead": ("Without it", "若没有它"),
        "to": ("{more} more of it goes to {site}", "{more} 转送 {site}"),
        "from": ("{more} more of it comes from {site}", "{more} 改由 {site} 供应"),
        "solves": ("Solved again", "重新求解"),
        "forced": (
            "forced in, the plan is worth {forced_value} instead of {value} (bound by the solver's claim {bound})",
            "强制加入后方案价值为 {forced_value}，原为 {value}（求解器给出的上界 {bound}）",
        ),
        "reduced": (
            "reduced cost {reduced_cost} with builds and links held, {reduced_cost_relaxed} in the relaxation",
            "检验数：固定建设时 {reduced_cost}，松弛问题中 {reduced_cost_relaxed}",
        ),
    }
)
