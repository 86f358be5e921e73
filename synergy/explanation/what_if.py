"""Counterfactual value of a plan at another price or bound, with builds and links fixed, by warm start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.errors import UsageError
from synergy.explanation.facts import changed
from synergy.explanation.ranking import disposed_flows
from synergy.explanation.trial import ROOM, Trial, trial_of
from synergy.model.conflict import filtered
from synergy.network.ends import EndKind
from synergy.network.places import Floats, Ints, positions
from synergy.plan import Plan
from synergy.texts import say

_KINDS = MappingProxyType({"offers": EndKind.OFFER, "needs": EndKind.NEED, "markets": EndKind.MARKET})
_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "offers": ("price", "quantity"),
        "needs": ("price", "quantity"),
        "markets": ("price", "limit"),
        "facilities": ("capacity",),
    }
)


_KEPT_ON = (
    "no plan: these have to run at their least load or more, and cannot: {names}",
    "没有方案：下列装置须按最低负荷以上运行，但无法做到：{names}",
)
_NONE = (
    "no plan: with the builds, links and switches of the plan held, what has to be given, taken or moved cannot be",
    "没有方案：在方案的新建、线路和开停保持不变时，必须供出、接收或运输的量无法满足",
)


@dataclass(frozen=True, slots=True)
class WhatIfAnswer:
    """Counterfactual value of a plan, or the reason why there is no feasible plan.

    Parameters
    ----------
    value : float or None
        Money a year of the best plan with the plan's builds, links and switches; None where there is none.
    more : float or None
        Against the plan as it is.
    kept_on : tuple of str
        Where there is no plan: facilities that may never be off, or that the plan keeps on, whose least loads together
        leave none; empty where it is not for these alone.
    """

    value: float | None
    more: float | None
    kept_on: tuple[str, ...] = ()

    def reason(self, lang: str = "en") -> str:
        """Return the reason why there is no plan, "" if there is one.

        Examples
        --------
        >>> WhatIfAnswer(None, None, ("EAST-OVEN",)).reason()
        'no plan: these have to run at their least load or more, and cannot: EAST-OVEN'
        """
        if self.value is not None:
            return ""
        names = ("、" if lang == "zh" else ", ").join(self.kept_on)
        return say(_KEPT_ON, lang, names=names) if self.kept_on else say(_NONE, lang)


class WhatIfs:
    """Plan kept warm for counterfactual questions about prices and bounds.

    Parameters
    ----------
    dataset : Dataset
        Dataset of the plan, with the same scenario and settings.
    plan : Plan

    Raises
    ------
    UsageError
        The plan does not follow from the dataset.
    """

    def __init__(self, dataset: Dataset, plan: Plan) -> None:
        self.dataset = dataset
        self._trial = trial_of(dataset, plan.decisions, narrow=True)

    @property
    def value(self) -> float:
        """Return the value of the plan as it is, in money a year."""
        return self._trial.value

    def ask(self, table: str, ident: str, column: str, figure: float) -> WhatIfAnswer:
        """Return the value of the plan with another figure in a table.

        Parameters
        ----------
        table : str
            ``offers``, ``needs``, ``markets`` or ``facilities``.
        ident : str
            Id in it.
        column : str
            ``price``, ``quantity`` (offers, needs), ``limit`` (markets) or ``capacity`` (facilities).
        figure : float
            In the units of the table.

        Raises
        ------
        UsageError
            No such table, id or column.
        """
        row = self._row(table, ident, column)
        ask = self._warm(table, row, column, figure)
        if ask is None:
            key = TABLES[table].key[0]
            mended = changed(self.dataset, {table: [{key: ident, column: figure}]})
            trial = Trial(mended, self._trial.decisions)
            return self._answer(trial, trial.value)
        with self._trial.held.trying():
            self._trial.held.home()
            ask()
            return self._answer(self._trial, self._trial.held.worth(primal=column == "price"))

    def cold(self) -> float:
        """Return the value of the plan solved from a cold start, the baseline for warm-started questions."""
        return self._trial.held.cold()

    def _answer(self, trial: Trial, value: float) -> WhatIfAnswer:
        if value > -np.inf:
            return WhatIfAnswer(value, value - self.value)
        return WhatIfAnswer(None, None, _kept_on(trial))

    def _row(self, table: str, ident: str, column: str) -> int:
        """Return the row of an id; raise `UsageError` if the table, column or id is unknown."""
        if column not in _COLUMNS.get(table, ()):
            known = ", ".join(f"{name}.{one}" for name, columns in _COLUMNS.items() for one in columns)
            raise UsageError(
                f"no what-if for {table}.{column}; there are {known} / 不支持 {table}.{column}；可用：{known}"
            )
        place = int(positions([ident], self.dataset[table][TABLES[table].key[0]])[0])
        if place < 0:
            raise UsageError(f"{table} has no {ident!r} / 表 {table} 中没有 {ident!r}")
        return place

    def _warm(self, table: str, row: int, column: str, figure: float) -> Callable[[], None] | None:
        """Return the function that applies the change to the warm problem, None if a rebuild is needed."""
        if table == "facilities":
            return self._capacity(row, figure)
        network = self._trial.network
        side = table == "offers" or (table == "markets" and self.dataset["markets"]["side"].iloc[row] == "buy")
        ends = network.outlets if side else network.inlets
        members = np.flatnonzero((ends.kind == _KINDS[table]) & (ends.ref == row))
        name = "give" if side else "take"
        block = self._trial.model.columns[name]
        hit = np.isin(block.key["end"], members) if len(block) else np.empty(0, dtype=bool)
        columns = block.start + np.flatnonzero(hit)
        if column == "price":
            more = figure - float(self.dataset[table]["price"].iloc[row])
            # an offer that need not be cleared is disposed of only at a negative price
            mixed = table == "offers" and not bool(network.outlets.alone[members].all())
            if mixed and (figure < 0 or bool(self.dataset["offers"]["must_clear"].iloc[row])):
                return None  # its disposal matters and cannot be told from that of other offers
            return self._price(table, members, columns, -more if side else more)
        return self._amount(table, row, columns, figure)

    def _price(self, table: str, members: Ints, columns: Ints, more: float) -> Callable[[], None]:
        """Return the function that changes a price; disposed quantities of an offer are not paid for."""
        held = self._trial.held
        disposed = disposed_flows(self._trial, members) if table == "offers" else np.empty(0, np.int64)

        def ask() -> None:
            held.price(columns, more)
            held.price(disposed, -more)

        return ask

    def _amount(self, table: str, row: int, columns: Ints, figure: float) -> Callable[[], None] | None:
        """Return the function that scales a quantity or limit equally in all periods, None if a rebuild is needed."""
        held, model, frame = self._trial.held, self._trial.model, self.dataset[table]
        old = float(frame["limit" if table == "markets" else "quantity"].iloc[row])
        if not 0 < old < np.inf or not 0 <= figure <= old * ROOM:
            return None
        part = figure / old
        low, high = held.bounds(columns)
        rows = np.empty(0, np.int64)
        for name in ("market_give", "market_take"):
            block = model.rows.get(name)
            if table == "markets" and block is not None and len(block):
                rows = np.append(rows, block.start + np.flatnonzero(block.key["market"] == row))
        block = model.rows.get("keep")
        if table == "offers" and block is not None and len(block):
            ends = self._trial.network.outlets
            mine = (ends.kind[block.key["end"]] == EndKind.OFFER) & (ends.ref[block.key["end"]] == row)
            rows = np.append(rows, block.start + np.flatnonzero(mine))

        def ask() -> None:
            held.bound(columns, low * part, high * part)
            least, most = held.row_limits(rows)
            held.limit(rows, least, most * part)

        return ask

    def _capacity(self, row: int, figure: float) -> Callable[[], None] | None:
        """Return the function that changes a facility's capacity, None if a rebuild is needed."""
        facilities, run = self.dataset["facilities"], self._trial.model.columns["run"]
        old = float(facilities["capacity"].iloc[row])
        loaded = float(np.nan_to_num(facilities["min_load"].iloc[row])) > 0
        if loaded or old <= 0 or not 0 <= figure <= old * ROOM:
            return None
        columns = run.start + np.flatnonzero(run.key["unit"] == row)
        low, high = self._trial.held.bounds(columns)
        most: Floats = high * (figure / old)
        return lambda: self._trial.held.bound(columns, low, most)


def _kept_on(trial: Trial) -> tuple[str, ...]:
    """Return a minimal set of units kept on whose least loads are jointly infeasible, empty if not the cause."""
    held, switch, run = trial.held, trial.model.columns["on"], trial.model.columns["run"]
    lit = switch.start + np.flatnonzero(trial.whole[switch.span] > 0.5)
    least, most = held.bounds(run.positions)
    never_off = np.flatnonzero(least > 0)
    columns = np.concatenate([lit, run.start + never_off])
    upper = np.concatenate([np.ones(len(lit)), most[never_off]])
    keys = [block.key["unit"][at] for block, at in ((switch, lit - switch.start), (run, never_off)) if len(at)]
    unit = np.concatenate(keys) if keys else columns

    def conflicting(units: Sequence[int]) -> bool:
        free = ~np.isin(unit, units)
        with held.trying():
            held.bound(columns[free], 0.0, upper[free])
            return not len(held.solve().x)

    if not len(columns) or conflicting([]):
        return ()
    names = np.unique(unit)
    names = names[np.argsort(trial.network.units.must_run[names], kind="stable")]  # what could be off is left out first
    found = filtered([int(one) for one in names], conflicting)
    return tuple(str(trial.network.units.ids[one]) for one in found)
