"""Texts shared by all front ends, in English and Chinese, and number formats."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor, log10
from typing import Any

LANGUAGES = ("en", "zh")  # the order of every pair of texts
Pair = tuple[str, str]
OPTIMAL = 1e-4  # gap up to which a plan is called optimal, where no smaller one was asked for
_AIMS = ("capex_budget", "co2_cap", "mode_share", "fix")  # of a scenario, see the model contract
MARKS = {"public": "", "estimate": "*", "synthetic": "†"}  # signs behind the name of an enterprise, by its evidence
# display names of currencies by language; a currency without one is shown as its code
CURRENCIES: Mapping[str, Mapping[str, str]] = {"en": {}, "zh": {"CNY": "元", "EUR": "欧元", "USD": "美元"}}
_SCALE = {"money": {"en": 1e6, "zh": 1e4}, "co2": {"en": 1e3, "zh": 1e4}}
_DECIMALS = {"money": {"en": 2, "zh": 0}, "co2": {"en": 1, "zh": 2}}


def say(pair: Pair, lang: str, /, **fields: object) -> str:
    """Return the text of a pair in one language, its braces filled; without fields as it stands.

    Examples
    --------
    >>> say(("{count} rows", "{count} 行"), "zh", count=3)
    '3 行'
    """
    said = pair[LANGUAGES.index(lang)]
    return said.format(**fields) if fields else said


class Catalogue(dict[str, Pair]):
    """Texts by name, each in English and Chinese.

    Examples
    --------
    >>> words = Catalogue({"rows": ("{count} rows", "{count} 行")})
    >>> words.say("rows", "zh", count=3), words.both("rows", count=3)
    ('3 行', ('3 rows', '3 行'))
    """

    def say(self, key: str, lang: str, /, **fields: object) -> str:
        """Return a text in one language; see `say`."""
        said = self[key][LANGUAGES.index(lang)]
        return said.format(**fields) if fields else said

    def both(self, key: str, /, **fields: object) -> Pair:
        """Return a text in both languages."""
        return self.say(key, "en", **fields), self.say(key, "zh", **fields)


WORDS = Catalogue(
    {
        "kind.extension": ("chain extension", "延链"),
        "kind.supplement": ("chain supplement", "补链"),
        "kind.reinforcement": ("strong chain", "强链"),
        "kind.reallocation": ("reallocation", "资源再配置"),
        "state.new": ("new", "新增"),
        "state.changed": ("changed", "调整"),
        "state.running": ("running", "运行中"),
        "scope.between": ("between enterprises", "企业之间"),
        "scope.within": ("within an enterprise", "企业内部"),
        "status.optimal": ("the gap asked for is reached", "已达到要求的间隙"),
        "status.feasible": ("stopped before the gap asked for", "在达到要求的间隙前停止"),
        "status.infeasible": ("no plan satisfies all constraints", "没有方案能满足全部约束"),
        "status.unbounded": ("the value is unbounded", "价值没有上界"),
        "status.no_plan": ("time ran out before any plan was found", "在找到任何方案之前时间已用完"),
        "proof.optimal": ("optimal, proven", "最优，已证明"),
        "proof.claim": ("optimal by the solver's claim", "按求解器的结论为最优"),
        "proof.claim_beside": (
            "optimal by the solver's claim, proven to {dual}",
            "按求解器的结论为最优，已证明间隙 {dual}",
        ),
        "proof.both": (
            "proven to {dual}, by the solver's claim {solver}",
            "已证明间隙 {dual}，按求解器的结论为 {solver}",
        ),
        "proof.dual": ("proven to {dual}", "已证明间隙 {dual}"),
        "proof.solver": ("not proven, by the solver's claim {solver}", "未证明，按求解器的结论 {solver}"),
        "proof.none": ("not proven", "未证明"),
        "evidence.public": ("published evidence", "公开资料"),
        "evidence.estimate": ("no published evidence: an illustrative estimate", "无公开资料：示意估算"),
        "evidence.synthetic": ("no published evidence: synthetic", "无公开资料：模拟"),
        "head.proposal": ("Proposal", "建议"),
        "head.kind": ("Kind", "类型"),
        "head.state": ("State", "状态"),
        "head.enterprises": ("Enterprises", "企业"),
        "head.gain": ("Gain", "增益"),
        "head.capex": ("Capex", "投资"),
        "head.payback": ("Payback", "回收期"),
        "head.co2": ("CO2 saved", "减碳"),
        "aim.capex_budget": ("capex budget", "投资预算"),
        "aim.co2_cap": ("CO2 cap", "碳排放上限"),
        "aim.mode_share": ("least shares of modes", "运输方式最低占比"),
        "aim.fix": ("fixed exchanges", "固定的交换"),
        "aim.gain": (
            "The aims of the round ({aims}) bind the plan of all, but not what each enterprise could do alone, which "
            "gains are measured against: a gain may be negative; where the plan's is, minus it is what the aims cost.",
            "本轮目标（{aims}）只约束整体方案，不约束各企业单独经营，而增益以后者为基准：增益可能为负；方案增益为负时，其相反数即目标的代价。",
        ),
        "ladder.total": (
            "In this round costs of enterprises stand rounded up, and what they pay rounded down, in steps of {step}, "
            "so that nobody can find them out: its totals are not those of `synergy match` on the same tables, whose "
            "best value is as high or higher.",
            "本轮中企业成本按 {step} 的级差向上取整、愿付价格向下取整，以免被他人推算：因此本轮合计与用同一数据表运行 "
            "`synergy match` 的合计不同，后者的最优价值不低于本轮。",
        ),
        "unit.money": ("M {currency}", "万{currency}"),
        "unit.money_year": ("M {currency}/a", "万{currency}/年"),
        "unit.years": ("years", "年"),
        "unit.co2_year": ("kt/a", "万吨/年"),
    }
)


text = WORDS.say


def gain_note(scenario: Mapping[str, object], enterprises: int, lang: str) -> str:
    """Return what to say beside a gain where aims of a scenario bind the plan of all alone; "" where none do.

    `enterprises` is how many there are: one alone is all of them.

    Examples
    --------
    >>> gain_note({"capex_budget": None, "mode_share": []}, 5, "en")
    ''
    """
    aims = [text(f"aim.{name}", lang) for name in _AIMS if scenario.get(name) not in (None, [], ())]
    if not aims or enterprises < 2:
        return ""
    return text("aim.gain", lang, aims=("、" if lang == "zh" else ", ").join(aims))


def ladder_note(step: float, lang: str) -> str:
    """Return what to say beside the totals of a round whose costs are on a ladder; "" where there is none.

    `step` is the part by which a rung is above the one below; 0: no ladder.

    Examples
    --------
    >>> ladder_note(0.0, "en")
    ''
    """
    return text("ladder.total", lang, step=f"{100 * step:.3g} %") if step > 0 else ""


def proof_text(plan: Mapping[str, Any], lang: str) -> str:
    """Return how far a plan is proven by duals, and how far by the solver's claim.

    It reads ``value``, ``bound``, ``proof`` and ``solver`` of a plan document; one without ``proof`` has its solver's
    bound.

    Examples
    --------
    >>> proof_text({"value": 1000, "proof": {"dual": 1008, "solver": 1004}}, "en")
    "proven to 0.8 %, by the solver's claim 0.4 %"
    >>> proof_text({"value": 1000, "proof": {"dual": None, "solver": 1000}}, "zh")
    '按求解器的结论为最优'
    """
    proof = plan.get("proof") or {"solver": plan.get("bound")}
    asked = (plan.get("solver") or {}).get("gap_asked")
    near = OPTIMAL if asked is None else min(OPTIMAL, float(asked))
    size = max(1.0, abs(plan["value"]))
    known = {name: proof.get(name) for name in ("dual", "solver")}
    gaps = {name: max(0.0, bound - plan["value"]) / size for name, bound in known.items() if bound is not None}
    if "dual" in gaps and gaps["dual"] <= near:
        key = "optimal"
    elif "solver" in gaps and gaps["solver"] <= near:
        key = "claim_beside" if "dual" in gaps else "claim"
    else:
        key = "both" if len(gaps) == 2 else next(iter(gaps), "none")
    return text(f"proof.{key}", lang, **{name: percent(gap) for name, gap in gaps.items()})


def percent(gap: float) -> str:
    """Return a gap in percent, its second figure rounded up.

    Examples
    --------
    >>> percent(0.00841), percent(0.123), percent(0.0)
    ('0.85 %', '13 %', '0 %')
    """
    share = 100.0 * gap
    if share <= 0:
        return "0 %"
    unit_of = 10.0 ** (1 - floor(log10(share)))
    return f"{ceil(share * unit_of - 1e-6) / unit_of:.6g} %"


def unit(key: str, lang: str, currency: str = "CNY") -> str:
    """Return the unit of a figure, as ``M CNY/a`` or ``万元/年``.

    Examples
    --------
    >>> unit("money_year", "zh")
    '万元/年'
    """
    return text(f"unit.{key}", lang, currency=CURRENCIES[lang].get(currency, currency))


def figure(value: float | None, what: str, lang: str) -> str:
    """Return money, or CO2 in t, as people read it, without its unit (see `unit`); None is a dash.

    In English in millions and thousands of tons, in Chinese in 万 and 万吨.

    Examples
    --------
    >>> figure(12_345_678, "money", "en"), figure(12_345_678, "money", "zh"), figure(None, "co2", "en")
    ('12.35', '1,235', '–')
    """
    if value is None:
        return "–"
    decimals = _DECIMALS[what][lang]
    shown = f"{value / _SCALE[what][lang]:,.{decimals}f}"
    return shown.removeprefix("-") if float(shown.replace(",", "")) == 0 else shown


def years(value: float | None) -> str:
    """Return a payback time, a dash where it is unknown or never.

    Examples
    --------
    >>> years(2.25), years(None)
    ('2.2', '–')
    """
    return "–" if value is None else f"{value:.1f}"
