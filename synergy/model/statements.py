"""Statement: a requirement or limit of the input, as the bounds and entries that it sets in a problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike

from synergy.network.places import Bools, Floats, Ints, Texts
from synergy.scenario import Cell
from synergy.texts import Catalogue

ANY = "*"  # any site, or any commodity


LINK_KEY = ("from_site", "to_site", "commodity", "mode")


class EffectKind(IntEnum):
    """Kind of problem data that an effect sets."""

    LOWER = 0  # lower bound of a column
    UPPER = 1
    LEAST = 2  # lower limit of a row
    MOST = 3
    ENTRY = 4  # coefficient of (row, column)


@dataclass(frozen=True, slots=True)
class Effects:
    """Bounds and entries that a statement sets, in the units of the model; arrays of shape (n,).

    `part` is an `EffectKind`; `at` is the column or row, of an entry its row, and `column` its column; `period` is
    where it holds, -1 for the whole year.
    """

    part: Ints
    at: Ints
    column: Ints
    value: Floats
    period: Ints

    def take(self, which: Ints | Bools) -> Effects:
        """Return a subset of the effects."""
        return Effects(*[getattr(self, name)[which] for name in self.__slots__])


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A requirement or limit of the input.

    `constraint` is a key of `TEXTS`; `subject` and `commodity` are ids of the tables. `amounts` are the summands of
    `amount` by period, empty where it holds for the year as a whole; `period` is "" for the whole year.
    """

    constraint: str
    subject: str
    commodity: str
    amount: float
    effects: Effects
    amounts: Mapping[int, float]
    period: str = ""

    def record(self) -> dict[str, Cell]:
        """Return a plain record with the statement's sentence in both languages."""
        subject = f"{self.subject} ({self.period})" if self.period else self.subject
        words = {"subject": subject, "commodity": self.commodity}
        amount = float(f"{self.amount:.12g}")
        en, zh = TEXTS.both(self.constraint, **words, amount=amount)
        return {"constraint": self.constraint, **words, "amount": amount, "text_en": en, "text_zh": zh}

    def by_period(self, names: Texts) -> list[Statement]:
        """Split the statement into one per period, if it covers several periods."""
        if len(self.amounts) < 2:
            return [self]
        return [
            replace(
                self,
                period=str(names[period]),
                amount=amount,
                effects=self.effects.take(self.effects.period == period),
                amounts={period: amount},
            )
            for period, amount in self.amounts.items()
        ]


def effects_of(part: EffectKind, at: Ints, value: ArrayLike, period: ArrayLike = -1, column: ArrayLike = -1) -> Effects:
    """Return effects of one kind; scalars are broadcast."""
    at = np.asarray(at, np.int64)
    spread = [np.broadcast_to(np.asarray(one, np.int64), at.shape) for one in (int(part), column, period)]
    return Effects(spread[0], at, spread[1], np.broadcast_to(np.asarray(value, float), at.shape), spread[2])


def joined(parts: Sequence[Effects]) -> Effects:
    """Concatenate effects."""
    return Effects(*[np.concatenate([getattr(part, name) for part in parts]) for name in Effects.__slots__])


def grouped(constraint: str, names: tuple[Texts, Texts], group: Ints, effects: Effects) -> Iterator[Statement]:
    """Yield one statement per subject; its amount is the sum of its first kind of effect.

    `names` holds subject and commodity of each effect, `group` its group index.
    """
    subjects, goods = names
    finite = np.isfinite(effects.value)
    order = np.argsort(group, kind="stable")
    order = order[finite[order]]
    _, first = np.unique(group[order], return_index=True)
    for here in np.split(order, first[1:]) if len(order) else ():
        own = effects.take(here)
        counted = own.part == own.part[0]
        amounts: dict[int, float] = {}
        for period, value in zip(own.period[counted].tolist(), own.value[counted].tolist(), strict=True):
            amounts[period] = amounts.get(period, 0.0) + value
        told = {} if -1 in amounts else amounts
        yield Statement(constraint, str(subjects[here[0]]), str(goods[here[0]]), sum(amounts.values()), own, told)


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
