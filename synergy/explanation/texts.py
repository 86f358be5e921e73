"""Texts of explanations in English and Chinese, each with figures and, for restricted views, without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from synergy.texts import Catalogue

_ENTERS = {"quantity": "amount"}
_COST = ("price_paid", "price_asked", "transport", "subsidy")


@dataclass(frozen=True, slots=True)
class Saying:
    """Text of one reason or change, with figures in braces, and bare without any.

    Parameters
    ----------
    kinds : mapping of str to str
        How each figure is written: ``rate`` (money per unit of the commodity), ``money`` (a year), ``sum`` (money),
        ``amount`` (of the commodity, a year), ``km``, ``activity`` (a year), ``co2`` (t a year), ``plain``, ``word``;
        ``other`` (of the commodity named by ``input``), ``commodity`` and ``process`` (ids that have names).
    """

    en: str
    zh: str
    bare_en: str
    bare_zh: str
    kinds: Mapping[str, str] = field(default_factory=dict)


def _same(en: str, zh: str) -> Saying:
    return Saying(en, zh, en, zh)


REASONS: Mapping[str, Saying] = MappingProxyType(
    {
        "in_plan": Saying(
            "in the plan: {quantity} a year; without it the plan would lose {number}",
            "在方案中：每年 {quantity}；若没有它，方案将损失 {number}",
            "in the plan",
            "在方案中",
            {"quantity": "amount", "number": "money"},
        ),
        "in_plan_needed": Saying(
            "in the plan: {quantity} a year; without it no plan keeps these builds and links",
            "在方案中：每年 {quantity}；没有它，现有新建装置和线路下无可行方案",
            "in the plan",
            "在方案中",
            {"quantity": "amount"},
        ),
        "no_outlet": _same("there is none of it to give", "供方没有这种物料可供"),
        "no_inlet": _same("nobody there takes it", "需方不接收这种物料"),
        "no_ends": _same("neither end has anything to do with it", "两端均不涉及这种物料"),
        "no_builds": _same(
            "an end would have to be built, and the round allows no new builds", "一端需要新建装置，而本轮不允许新建"
        ),
        "too_far": Saying(
            "too far: {km} by {mode}, which goes {most} at most: {number} too far",
            "距离过远：{mode} 运距 {km}，最远 {most}，超出 {number}",
            "too far",
            "距离过远",
            {"number": "km", "km": "km", "most": "km", "mode": "word"},
        ),
        "forbidden": _same("forbidden by the scenario or by the table of links", "被情景或线路表禁止"),
        "no_link": _same("nothing that could carry it is known", "没有可用的运输方式"),
        "kinds": _same(
            "these two ends may not exchange: nothing goes from store to store or from market to market",
            "两端不能交换：储存到储存、市场到市场均不允许",
        ),
        "quality_unstated": Saying(
            "the quality asked for is not stated: {property}",
            "未说明所要求的质量：{property}",
            "a quality that is asked for is not stated",
            "未说明所要求的某项质量",
            {"property": "word"},
        ),
        "nothing_to_send": _same(
            "the outlet can never have any: what would make it cannot run", "供方装置无法运行，没有可供物料"
        ),
        "nothing_to_take": _same(
            "the inlet can never take any: what would use it cannot run", "需方装置无法运行，不能接收物料"
        ),
        "market": Saying(
            "the outside market beats it by {number}: selling and buying outside costs less than carrying it",
            "不如外部市场，相差 {number}：各自在市场买卖比运输更划算",
            "the outside market beats it",
            "不如外部市场",
            {"number": "rate"},
        ),
        "larger_link": Saying(
            "another link of this pair carries all there is at no higher cost than {mode}",
            "这一对厂区的另一条线路能承担全部运量，且成本不高于 {mode}",
            "another link of this pair makes it pointless",
            "另一条线路使其没有必要",
            {"mode": "word"},
        ),
        "cost": Saying(
            "it does not pay by {number}: a unit is worth {worth_from} where it is, {worth_to} there, "
            "and carrying it costs {transport}",
            "不划算，相差 {number}：单位物料在供方值 {worth_from}，在需方值 {worth_to}，运输成本 {transport}",
            "it does not pay",
            "不划算",
            {"number": "rate", "worth_from": "rate", "worth_to": "rate", "transport": "rate"},
        ),
        "cost_open": Saying(
            "it does not pay by {number}, with {opened} for what it has to open or build",
            "不划算，相差 {number}，其中包括所需线路或装置 {opened}",
            "it does not pay, with what it has to open or build",
            "计入所需线路或装置后不划算",
            {"number": "rate", "opened": "money"},
        ),
        "tie": _same("it would do just as well, no better", "有它无它价值相同"),
        "within_gap": Saying(
            "a plan with it is better by {number}: within what the search left open",
            "含有它的方案更优 {number}：在求解剩余间隙之内",
            "the search did not settle it",
            "求解尚未确定",
            {"number": "money"},
        ),
        "several": _same("several things at once keep it out", "由多种原因共同排除"),
        "quality": Saying(
            "{property} is {value}, the limit {limit}: missed by {number} in the mix",
            "{property} 为 {value}，限值 {limit}：混配后仍差 {number}",
            "a limit on quality is missed",
            "不满足质量限值",
            {"property": "word", "value": "plain", "limit": "plain", "number": "plain"},
        ),
        "keep": Saying(
            "the part of the offer that has to stay: {number} more would have to be free",
            "供给须自留的部分：还需放开 {number}",
            "the part of the offer that has to stay",
            "供给须自留的部分",
            {"number": "amount"},
        ),
        "max_partners": Saying(
            "the greatest number of partners is reached: {number} more would be needed",
            "合作方数量已达上限：还需增加 {number} 个",
            "the greatest number of partners is reached",
            "合作方数量已达上限",
            {"number": "plain"},
        ),
        "capex_budget": Saying(
            "the capex budget of the round is spent: {number} more would be needed",
            "本轮投资预算已用完：还需 {number}",
            "the capex budget of the round is spent",
            "本轮投资预算已用完",
            {"number": "sum"},
        ),
        "co2_cap": Saying(
            "the CO2 cap of the round binds: {number} more would be needed",
            "受本轮二氧化碳上限约束：还需 {number}",
            "the CO2 cap of the round binds",
            "受本轮二氧化碳上限约束",
            {"number": "co2"},
        ),
        "mode_share": _same("the share of modes that the round asks for", "受本轮运输方式占比要求约束"),
        "fix": _same("the round fixes this exchange at another quantity", "本轮已将该交换固定为其他数量"),
        "compulsory": _same(
            "what has to be given, taken or run elsewhere leaves nothing for it", "其他强制性供给、需求或运行占用了它"
        ),
        "least_load": Saying(
            "{process} would run below its least load of {least} a year",
            "{process} 将低于最低负荷（每年 {least}）",
            "a facility would run below its least load",
            "装置将低于最低负荷",
            {"process": "process", "least": "activity"},
        ),
        "min_scale": Saying(
            "{process} is not worth its least size of {least} a year",
            "{process} 达不到最小规模（每年 {least}）",
            "a new unit would be below its minimum scale",
            "新建装置达不到最小规模",
            {"process": "process", "least": "activity"},
        ),
        "build_cost": Saying(
            "building {process} lacks {number}",
            "新建{process}尚差 {number}",
            "what has to be built does not pay",
            "所需新建装置不划算",
            {"process": "process", "number": "money"},
        ),
        "capex": Saying(
            "what it brings does not cover the link: {number} is missing",
            "收益不足以覆盖线路投资：尚差 {number}",
            "what it brings does not cover the link",
            "收益不足以覆盖线路投资",
            {"number": "money"},
        ),
        "supply_exhausted": Saying(
            "all there is goes elsewhere: {number} more would be needed",
            "物料已全部用于别处：还需 {number}",
            "all there is goes elsewhere",
            "物料已全部用于别处",
            {"number": "amount"},
        ),
        "need_met": Saying(
            "the need is met already: {number} more would have to be wanted",
            "需求已得到满足：还需再增加 {number} 需求",
            "the need is met already",
            "需求已得到满足",
            {"number": "amount"},
        ),
    }
)
# of pooled builds: added to least load, least size and cost of a build
POOLED = Catalogue(
    {
        "fewer": (
            "{firms} firms are needed, {one_less} would be {fewer} short",
            "需要 {firms} 家企业，{one_less} 家还差 {fewer}",
        ),
        "short": (
            "all {firms} firms that can reach it are {short} short",
            "能供应的 {firms} 家企业合计还差 {short}",
        ),
        "one": ("one firm suffices", "一家企业即可满足"),
    }
)


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
