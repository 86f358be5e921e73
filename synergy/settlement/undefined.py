"""Why a rule is not defined for a game: reasons by code, in English and Chinese."""

from __future__ import annotations

from synergy.errors import UsageError
from synergy.settlement.division import named
from synergy.texts import Catalogue
from synergy.units import money

# English, Chinese
REASONS = Catalogue(
    {
        "no_plan": (
            "all enterprises together have no plan, so there is nothing to share",
            "全体企业没有可行方案，没有可分配的价值",
        ),
        "gain_negative": (
            "together they earn {loss} less than alone, so somebody must lose; "
            "the method core says which subsidy mends it",
            "合作比各自经营少 {loss}，必有企业受损；方法 core 给出所需的补贴",
        ),
        "too_many_players": (
            "{players} enterprises can trade with each other, directly or through others; at most {most} are possible",
            "有 {players} 家企业直接或间接相互交易；该方法最多允许 {most} 家",
        ),
        "coalition_without_plan": (
            "{coalition} have no plan of their own, and this rule needs the value of every coalition",
            "{coalition} 自身没有可行方案，而该方法需要每个联盟的价值",
        ),
        "unbounded": (
            "too many coalitions have no plan of their own: nothing bounds the payoffs",
            "没有可行方案的联盟过多，收益分配没有界限",
        ),
        "no_duals": (
            "the problem is no linear program whose duals could price what each brings",
            "该问题不是线性规划，无法用对偶价格给各方的投入定价",
        ),
        "relaxation_gap": (
            "priced by the duals the enterprises would get {gap} more than there is: the problem has decisions of "
            "yes or no that no price supports",
            "按对偶价格分配将超出总价值 {gap}：问题含有价格无法支撑的是非决策",
        ),
        "no_assignment": (
            "the problem is no assignment of single units of sellers to single wants of buyers",
            "该问题不是卖方单件与买方单件之间的指派问题",
        ),
        "not_assignment": (
            "the assignment's best worth {assigned} is not the gain {gain}",
            "指派的最优价值 {assigned} 与增益 {gain} 不符",
        ),
        "no_base": (
            "the base '{base}' is zero for all of {coalition}, who have a gain to share",
            "{coalition} 有增益可分，但分配依据 '{base}' 全部为零",
        ),
        "bad_base": (
            "the base '{base}' must be one finite number of zero or more for each enterprise",
            "分配依据 '{base}' 必须对每家企业给出一个非负有限数",
        ),
    }
)


class RuleUndefined(UsageError):  # noqa: N818
    """A rule of settlement that is not defined for the game at hand.

    Parameters
    ----------
    method : str
        The rule's name.
    reason : str
        A key of `REASONS`.
    numbers : str, int, float or tuple of str
        What the reason's sentence names: a float is money, a tuple enterprises.
    """

    def __init__(self, method: str, reason: str, **numbers: str | float | tuple[str, ...]) -> None:
        self.method, self.reason, self.numbers = method, reason, numbers
        super().__init__(self.sentence("en"))

    def sentence(self, lang: str) -> str:
        """Return the reason as one sentence, in ``en`` or ``zh``."""
        head = f"{self.method}: " if lang == "en" else f"{self.method}："
        return head + REASONS.say(self.reason, lang, **{name: _said(one, lang) for name, one in self.numbers.items()})


def _said(number: str | float | tuple[str, ...], lang: str) -> str:
    """Return a number, money or enterprises as people read them."""
    if isinstance(number, tuple):
        return named(number, lang)
    return money(number, "", lang) if isinstance(number, float) else str(number)
