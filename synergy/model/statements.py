"""Statement: something that the input asks for or limits, as bounds and entries that it sets in a problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np

from synergy.model.conflict_texts import TEXTS
from synergy.network.places import Floats, Ints

ANY = "*"  # any site, or any commodity
LINK_KEY = ("from_site", "to_site", "commodity", "mode")


class Part(IntEnum):
    """What of the problem an effect sets."""

    LOWER = 0  # lower bound of a column
    UPPER = 1
    LEAST = 2  # lower limit of a row
    MOST = 3
    ENTRY = 4  # coefficient of (row, column)


@dataclass(frozen=True, slots=True)
class Effects:
    """Bounds and entries that a statement sets, in the units of the model.

    Parameters
    ----------
    part : numpy.ndarray of int64, shape (n,)
        `Part`.
    at, column : numpy.ndarray of int64
        Column or row; of an entry its row and its column.
    value : numpy.ndarray
    period : numpy.ndarray of int64
        Where it holds, -1 for the whole year.
    """

    part: Ints
    at: Ints
    column: Ints
    value: Floats
    period: Ints

    def take(self, which: Any) -> Effects:
        """Some of them."""
        return Effects(*[getattr(self, name)[which] for name in self.__slots__])


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """Something that the input asks for or limits.

    Parameters
    ----------
    constraint : str
        A key of `TEXTS`.
    subject, commodity : str
        Who is meant, by the ids of the tables.
    amount : float
    effects : Effects
    amounts : mapping of int to float
        What `amount` sums up, by period; empty where it holds for the year as a whole.
    period : str
        The one that is meant, "" for the whole year.
    """

    constraint: str
    subject: str
    commodity: str
    amount: float
    effects: Effects
    amounts: Mapping[int, float]
    period: str = ""

    def record(self) -> dict[str, Any]:
        """Plain record with its sentence in both languages."""
        subject = f"{self.subject} ({self.period})" if self.period else self.subject
        words = {"subject": subject, "commodity": self.commodity, "amount": float(f"{self.amount:.12g}")}
        en, zh = TEXTS.both(self.constraint, **words)
        return {"constraint": self.constraint, **words, "text_en": en, "text_zh": zh}

    def by_period(self, names: Any) -> list[Statement]:
        """The same, period by period, where it says something of several."""
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


def effects_of(part: Part, at: Any, value: Any, period: Any = -1, column: Any = -1) -> Effects:
    """Effects of one kind; what is one number holds for all."""
    at = np.asarray(at, np.int64)
    spread = [np.broadcast_to(np.asarray(one, np.int64), at.shape) for one in (int(part), column, period)]
    return Effects(spread[0], at, spread[1], np.broadcast_to(np.asarray(value, float), at.shape), spread[2])


def joined(parts: Sequence[Effects]) -> Effects:
    """Effects of several kinds in one."""
    return Effects(*[np.concatenate([getattr(part, name) for part in parts]) for name in Effects.__slots__])


def grouped(constraint: str, names: tuple[Any, Any], group: Ints, effects: Effects) -> Iterator[Statement]:
    """One statement a subject; its amount is the sum of the first kind of effect in it.

    `names` holds subject and commodity of each effect, `group` what belongs together.
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
