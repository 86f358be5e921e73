"""Texts of explanations in English and Chinese, each with figures and, for restricted views, without."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from synergy.texts import Catalogue, Pair

OBSTACLES = ("no_outlet", "no_inlet", "no_builds", "too_far", "forbidden", "no_link", "quality_unstated")
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
    kinds: Mapping[str, str]


def _saying(en: str, zh: str, bare_en: str = "", bare_zh: str = "") -> Saying:
    """Return the text whose English names the kind of each figure, as in ``{amount:rate}``.

    The bare texts are by default what stands before the bar ``|``, or all of it where there is none.
    """
    kinds = dict(re.findall(r"{(\w+):(\w+)}", en))
    full, full_zh = re.sub(r":\w+}", "}", en).replace("|", ""), zh.replace("|", "")
    return Saying(full, full_zh, bare_en or en.partition("|")[0], bare_zh or zh.partition("|")[0], kinds)


def _enters(full: Pair, bare: Pair | None = None) -> Saying:
    """Return the text of a change that brings an exchange in, with the quantity exchanged then."""
    en, zh = full
    return _saying(f"{en}: then {{quantity:amount}} a year", f"{zh}：届时每年 {{quantity}}", *(bare or full))


REASONS: Mapping[str, Saying] = MappingProxyType(
    {
        "in_plan": _saying(
            "in the plan|: {quantity:amount} a year; without it the plan would lose {number:money}",
            "在方案中|：每年 {quantity}；若没有它，方案将损失 {number}",
        ),
        "in_plan_needed": _saying(
            "in the plan|: {quantity:amount} a year; without it no plan keeps these builds and links",
            "在方案中|：每年 {quantity}；没有它，现有新建装置和线路下无可行方案",
        ),
        "no_outlet": _saying("there is none of it to give", "供方没有这种物料可供"),
        "no_inlet": _saying("nobody there takes it", "需方不接收这种物料"),
        "no_ends": _saying("neither end has anything to do with it", "两端均不涉及这种物料"),
        "no_builds": _saying(
            "an end would have to be built, and the round allows no new builds", "一端需要新建装置，而本轮不允许新建"
        ),
        "too_far": _saying(
            "too far|: {km:km} by {mode:word}, which goes {most:km} at most: {number:km} too far",
            "距离过远|：{mode} 运距 {km}，最远 {most}，超出 {number}",
        ),
        "forbidden": _saying("forbidden by the scenario or by the table of links", "被情景或线路表禁止"),
        "no_link": _saying("nothing that could carry it is known", "没有可用的运输方式"),
        "kinds": _saying(
            "these two ends may not exchange: nothing goes from store to store or from market to market",
            "两端不能交换：储存到储存、市场到市场均不允许",
        ),
        "quality_unstated": _saying(
            "the quality asked for is not stated: {property:word}",
            "未说明所要求的质量：{property}",
            "a quality that is asked for is not stated",
            "未说明所要求的某项质量",
        ),
        "nothing_to_send": _saying(
            "the outlet can never have any: what would make it cannot run", "供方装置无法运行，没有可供物料"
        ),
        "nothing_to_take": _saying(
            "the inlet can never take any: what would use it cannot run", "需方装置无法运行，不能接收物料"
        ),
        "market": _saying(
            "the outside market beats it| by {number:rate}: selling and buying outside costs less than carrying it",
            "不如外部市场|，相差 {number}：各自在市场买卖比运输更划算",
        ),
        "larger_link": _saying(
            "another link of this pair carries all there is at no higher cost than {mode:word}",
            "这一对厂区的另一条线路能承担全部运量，且成本不高于 {mode}",
            "another link of this pair makes it pointless",
            "另一条线路使其没有必要",
        ),
        "cost": _saying(
            "it does not pay| by {number:rate}: a unit is worth {worth_from:rate} where it is, {worth_to:rate} there, "
            "and carrying it costs {transport:rate}",
            "不划算|，相差 {number}：单位物料在供方值 {worth_from}，在需方值 {worth_to}，运输成本 {transport}",
        ),
        "cost_open": _saying(
            "it does not pay by {number:rate}, with {opened:money} for what it has to open or build",
            "不划算，相差 {number}，其中包括所需线路或装置 {opened}",
            "it does not pay, with what it has to open or build",
            "计入所需线路或装置后不划算",
        ),
        "tie": _saying("it would do just as well, no better", "有它无它价值相同"),
        "within_gap": _saying(
            "a plan with it is better by {number:money}: within what the search left open",
            "含有它的方案更优 {number}：在求解剩余间隙之内",
            "the search did not settle it",
            "求解尚未确定",
        ),
        "several": _saying("several things at once keep it out", "由多种原因共同排除"),
        "quality": _saying(
            "{property:word} is {value:plain}, the limit {limit:plain}: missed by {number:plain} in the mix",
            "{property} 为 {value}，限值 {limit}：混配后仍差 {number}",
            "a limit on quality is missed",
            "不满足质量限值",
        ),
        "keep": _saying(
            "the part of the offer that has to stay|: {number:amount} more would have to be free",
            "供给须自留的部分|：还需放开 {number}",
        ),
        "max_partners": _saying(
            "the greatest number of partners is reached|: {number:plain} more would be needed",
            "合作方数量已达上限|：还需增加 {number} 个",
        ),
        "capex_budget": _saying(
            "the capex budget of the round is spent|: {number:sum} more would be needed",
            "本轮投资预算已用完|：还需 {number}",
        ),
        "co2_cap": _saying(
            "the CO2 cap of the round binds|: {number:co2} more would be needed",
            "受本轮二氧化碳上限约束|：还需 {number}",
        ),
        "mode_share": _saying("the share of modes that the round asks for", "受本轮运输方式占比要求约束"),
        "fix": _saying("the round fixes this exchange at another quantity", "本轮已将该交换固定为其他数量"),
        "compulsory": _saying(
            "what has to be given, taken or run elsewhere leaves nothing for it", "其他强制性供给、需求或运行占用了它"
        ),
        "least_load": _saying(
            "{process:process} would run below its least load of {least:activity} a year",
            "{process} 将低于最低负荷（每年 {least}）",
            "a facility would run below its least load",
            "装置将低于最低负荷",
        ),
        "min_scale": _saying(
            "{process:process} is not worth its least size of {least:activity} a year",
            "{process} 达不到最小规模（每年 {least}）",
            "a new unit would be below its minimum scale",
            "新建装置达不到最小规模",
        ),
        "build_cost": _saying(
            "building {process:process} lacks {number:money}",
            "新建{process}尚差 {number}",
            "what has to be built does not pay",
            "所需新建装置不划算",
        ),
        "capex": _saying(
            "what it brings does not cover the link|: {number:money} is missing",
            "收益不足以覆盖线路投资|：尚差 {number}",
        ),
        "supply_exhausted": _saying(
            "all there is goes elsewhere|: {number:amount} more would be needed", "物料已全部用于别处|：还需 {number}"
        ),
        "need_met": _saying(
            "the need is met already|: {number:amount} more would have to be wanted",
            "需求已得到满足|：还需再增加 {number} 需求",
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
        "subsidy": _enters(("a subsidy of {amount:rate}", "补贴 {amount}"), ("a subsidy per unit", "按量补贴")),
        "transport": _enters(
            ("carrying it for {amount:rate} less than the {now:rate} of now", "运输成本由 {now} 降低 {amount}"),
            ("cheaper transport", "降低运输成本"),
        ),
        "distance": _enters(
            ("being {amount:km} nearer, {km:km} apart", "运距缩短 {amount}（至 {km}）"), ("being nearer", "缩短距离")
        ),
        "price_paid": _enters(
            ("a price paid there that is {amount:rate} higher", "需方出价提高 {amount}"),
            ("a higher price paid there", "提高需方出价"),
        ),
        "price_asked": _enters(
            ("a price asked that is {amount:rate} lower", "供方要价降低 {amount}"),
            ("a lower price asked", "降低供方要价"),
        ),
        "grant": _enters(
            ("a grant of {amount:money} towards what has to be built", "对所需建设每年资助 {amount}"),
            ("a grant towards what has to be built", "对所需建设给予资助"),
        ),
        "supply": _enters(
            ("{amount:amount} more of it to give", "供方增加 {amount}"), ("more of it to give", "增加供给")
        ),
        "need": _enters(("{amount:amount} more of it wanted", "需方增加 {amount}"), ("more of it wanted", "增加需求")),
        "feedstock": _enters(
            ("{amount:other} more {input:commodity} for {unit:word}", "为 {unit} 增加 {input} {amount}"),
            ("more feedstock, or one more partner, for the unit", "为该装置增加原料或合作方"),
        ),
        "quality": _enters(
            ("{property:word} better by {amount:plain}", "{property} 改善 {amount}"), ("a better quality", "改善质量")
        ),
        "budget": _enters(
            ("{amount:sum} more capex budget", "投资预算增加 {amount}"), ("more capex budget", "增加投资预算")
        ),
        "cap": _enters(
            ("{amount:co2} more under the CO2 cap", "二氧化碳上限增加 {amount}"),
            ("a higher CO2 cap", "提高二氧化碳上限"),
        ),
        "partners": _enters(
            ("{amount:plain} more partners allowed", "允许的合作方增加 {amount} 个"),
            ("more partners allowed", "允许更多合作方"),
        ),
        "keep": _enters(("{amount:amount} less to keep", "自留量减少 {amount}"), ("less to keep", "减少自留")),
        "charge": _saying("a charge of {amount:rate} on it", "对其加收 {amount}", "a charge on it", "对其收费"),
        "price_paid_less": _saying(
            "a price paid there that is {amount:rate} lower",
            "需方出价降低 {amount}",
            "a lower price paid there",
            "需方出价降低",
        ),
        "price_asked_more": _saying(
            "a price asked that is {amount:rate} higher",
            "供方要价提高 {amount}",
            "a higher price asked",
            "供方要价提高",
        ),
        "without_mode_share": _enters(("without the share of modes", "取消运输方式占比要求")),
        "without_fix": _enters(("without the fixed quantity", "取消固定数量")),
        "without_least_load": _enters(("without the least load", "取消最低负荷")),
        "without_min_scale": _enters(("without the least size", "取消最小规模")),
        "without_compulsory": _enters(("without what is compulsory elsewhere", "取消别处的强制要求")),
        "mend_no_outlet": _enters(("some of it to give, at no price", "供方有该物料且不要价")),
        "mend_no_inlet": _enters(("somebody there who takes it", "需方有人接收")),
        "mend_no_builds": _enters(("new builds allowed", "允许新建装置")),
        "mend_forbidden": _enters(("lifting the ban", "解除禁止")),
        "mend_no_link": _enters(("a link that carries it free of cost", "有一条免费的运输线路")),
        "mend_quality_unstated": _enters(("stating the quality, at the limit or better", "说明质量且达到限值")),
        "mend_too_far": _enters(
            ("being {amount:km} nearer", "运距缩短 {amount}"),
            ("being nearer, or going farther with the mode", "缩短距离或延长该方式的运距"),
        ),
    }
)
# what a firm is told that might help, by reason alone: what was found by solving rests on everybody's data
HINTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **{code: (f"mend_{code}",) for code in OBSTACLES},
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
