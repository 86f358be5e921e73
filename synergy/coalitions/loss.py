"""Loss: decrease of one enterprise's own accounts without a part of a plan, all else of the plan fixed.

The part that it gives stays with it and the part that it takes does not come, its own builds of it are not built; the
rest it arranges anew inside its fences. So the loss follows from the enterprise's own figures and from what it
exchanges: no partner's price, cost or dual is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from synergy.accounts.keys import MISSING
from synergy.accounts.ledger import ledger
from synergy.accounts.owners import owner_of
from synergy.coalitions.parametric import column_owners
from synergy.dataset.sheet import Dataset
from synergy.model.build import Model
from synergy.model.decode import decode
from synergy.model.highs import SolverSession, Status
from synergy.model.scaling import ScaledProblem, scaled
from synergy.network.places import PUBLIC, Bools, Floats, Ints, positions

CARRYING = ["transport", "carbon"]
LEFT = ["need", "sale", "charge"]  # what a public place that takes leaves to who gives
GIVEN = ["purchase", "offer", "disposal"]  # and one that gives to who takes


class Loss:
    """Evaluator of losses of enterprises under a plan `x`, shape (columns,), of the round's model."""

    def __init__(self, dataset: Dataset, model: Model, x: Floats) -> None:
        decisions, self._column = decode(model, x)
        self._decisions, self._model, self._apart = decisions, model, Apart(model, x)
        self._firms = [str(name) for name in dataset["enterprises"]["enterprise"]]
        books = ledger(dataset, decisions)
        self._money = books.flows
        self._annual = books.links["annual"].to_numpy(float)
        ends = {name: owner_of(dataset, decisions.flows[name]) for name in ("from_site", "to_site")}
        self._gives, self._takes = ends["from_site"], ends["to_site"]
        links = decisions.links
        payer = owner_of(dataset, links["to_site"])
        self._payer = np.where(payer == MISSING, owner_of(dataset, links["from_site"]), payer)
        self._hosts = owner_of(dataset, decisions.builds["site"])

    def of(self, enterprise: str, flows: Sequence[int], builds: Sequence[int], links: Sequence[int]) -> float | None:
        """Return the loss of an enterprise without some rows (positions) of the plan's frames, in money a year.

        Annuities and freight are in, before anybody pays anybody; None where it cannot do without.
        """
        player, rows = self._firms.index(enterprise), np.asarray(flows, dtype=np.int64)
        gives, takes = self._gives[rows] == player, self._takes[rows] == player
        out, come = rows[gives & ~takes], rows[takes & ~gives]
        amounts = self._decisions.flows
        lost = -self._apart.without(
            player,
            (self._column[out], amounts["quantity"].to_numpy(float)[out]),
            (self._column[come], amounts["arrived"].to_numpy(float)[come]),
            self._dropped(player, builds, rows[gives & takes]),
        )
        if not np.isfinite(lost):
            return None
        mine = np.asarray([link for link in links if self._payer[link] == player], dtype=np.int64)
        return float(lost + self._carried(out, come) - self._annual[mine] @ self._parts(rows, mine))

    def _carried(self, out: Ints, come: Ints) -> float:
        """Return transport money of incoming flows (less than 0: cost) and the money that public places leave to it."""
        money = self._money
        total = money[CARRYING].to_numpy()[come].sum()
        public_giver = come[self._gives[come] == MISSING]
        public_taker = out[self._takes[out] == MISSING]
        total += money[GIVEN].to_numpy()[public_giver].sum()
        return float(total + money[[*LEFT, *CARRYING]].to_numpy()[public_taker].sum())

    def _parts(self, rows: Ints, links: Ints) -> Floats:
        """Return the part of each link that some flows use, by the quantity they send over it."""
        key = ["from_site", "to_site", "commodity", "mode"]
        sent = self._decisions.flows.groupby(key)["quantity"].sum()
        own = self._decisions.flows.iloc[rows].groupby(key)["quantity"].sum()
        index = pd.MultiIndex.from_frame(self._decisions.links.iloc[links][key])
        return np.asarray(np.nan_to_num((own.reindex(index) / sent.reindex(index)).to_numpy(float)))

    def _dropped(self, player: int, builds: Sequence[int], inside: Ints) -> Ints:
        """Return the columns fixed at 0: own dropped builds, or without any the flows between own sites."""
        model, steps = self._model, self._model.candidates.network.units.steps
        rows = self._decisions.builds.iloc[[row for row in builds if self._hosts[row] == player]]
        names = rows["process"].astype(object) + "@" + rows["site"].astype(object)
        unit = positions(names, model.candidates.network.units.ids)
        parts = [] if len(rows) else [self._column[inside[self._moving(inside)]]]
        for name in ("size", "built"):
            block = model.column(name)
            if len(block):
                parts.append(block.positions[np.isin(steps.unit[block.key["step"]], unit)])
        return np.unique(np.concatenate([np.empty(0, np.int64), *parts])).astype(np.int64)

    def _moving(self, rows: Ints) -> Bools:
        """Return which flows go from one site to another."""
        flows = self._decisions.flows.iloc[rows]
        return np.asarray(flows["from_site"].to_numpy(object) != flows["to_site"].to_numpy(object), dtype=bool)


class Apart:
    """Plan `x`, shape (columns,), decomposed into one linear problem for each enterprise, built on first use."""

    def __init__(self, model: Model, x: Floats) -> None:
        self.model, self._problem = model, scaled(model)
        self._value = x / self._problem.column
        owned = column_owners(model)
        self._owner = np.where(owned.mixed | (owned.other != PUBLIC), PUBLIC, owned.one)
        self._matrix = sparse.csc_array(self._problem.matrix)
        self._rows = {name: _balances(model, name) for name in ("outlet", "inlet")}
        self._own: dict[int, _Own] = {}

    def change(self, player: int, side: str, column: Ints, amount: Floats) -> float:
        """Return the change of an enterprise's value where some flows do not leave it, or do not reach it.

        `player` is the enterprise at the end `side`: at an ``outlet`` the flows stay with it, at an ``inlet`` they do
        not come. `amount` is what stays, or does not come, by column of the flows, in the commodity's unit. Money a
        year; NaN where it cannot do without.
        """
        none = np.empty(0, np.int64), np.empty(0)
        leaving, coming = ((column, amount), none) if side == "outlet" else (none, (column, amount))
        return self.without(player, leaving, coming, none[0])

    def without(self, player: int, leaving: tuple[Ints, Floats], coming: tuple[Ints, Floats], dropped: Ints) -> float:
        """Return the change of an enterprise's value where flows stay with it, others do not come, and columns are 0.

        `leaving` and `coming` are columns of the flows, and what stays, or does not come, in the commodity's unit;
        `dropped` are columns of its own that are 0 then, as of what it builds. Money a year; NaN where it cannot do
        without.
        """
        first = self.model.column("flow").start
        # outlet rows say what members give less what leaves; inlet rows what arrives less what members take
        parts = [(name, sign, *moved) for name, sign, moved in (("outlet", -1.0, leaving), ("inlet", 1.0, coming))]
        row = np.concatenate([self._rows[name][column - first] for name, _, column, _ in parts])
        amount = np.concatenate([sign * size for _, sign, _, size in parts])
        rows, place = np.unique(row, return_inverse=True)
        shift = np.bincount(place, weights=amount, minlength=len(rows)) * self._problem.row[rows]
        return self._of(player).change(rows, shift, dropped) * self._problem.money

    def price(self, player: int, column: Ints, quantity: Floats) -> float:
        """Return the dual price at the gate of the enterprise from which some flows leave, NaN without one."""
        row = self._rows["outlet"][column - self.model.column("flow").start]
        dual = self._of(player).dual(row) * self._problem.row[row] * self._problem.money
        return float(dual @ quantity / quantity.sum())

    def _of(self, player: int) -> _Own:
        if player not in self._own:
            free = np.flatnonzero(self._owner == player)
            self._own[player] = _Own(self._problem, self._matrix, self._value, free)
        return self._own[player]


class _Own:
    """Problem of one enterprise in a solver: its columns, and the rows in which they occur."""

    def __init__(self, problem: ScaledProblem, matrix: sparse.csc_array, value: Floats, free: Ints) -> None:
        own = sparse.csr_array(matrix[:, free])
        self._rows = np.flatnonzero(np.diff(own.indptr))
        others = value.copy()
        others[free] = 0.0
        held = (problem.matrix[self._rows] @ others) if len(self._rows) else np.empty(0)
        self._sides = problem.row_lower[self._rows] - held, problem.row_upper[self._rows] - held
        self._whole = np.flatnonzero(problem.integer[free])
        self._at = np.round(value[free][self._whole])
        lower, upper = problem.lower[free].copy(), problem.upper[free].copy()
        lower[self._whole] = upper[self._whole] = self._at
        self._free, self._bounds = free, (lower, upper)
        self._session = SolverSession(
            replace(
                problem,
                matrix=sparse.csr_array(own[self._rows]),
                row_lower=self._sides[0],
                row_upper=self._sides[1],
                lower=lower,
                upper=upper,
                cost=problem.cost[free],
                integer=np.zeros(len(free), dtype=bool),
            )
        )
        self._base = self._session.solve()

    def change(self, rows: Ints, shift: Floats, dropped: Ints) -> float:
        """Return the change of value, in the problem's money, where sides of rows move and columns are 0; else NaN."""
        if self._base.status is not Status.OPTIMAL:
            return float("nan")
        place = np.searchsorted(self._rows, rows)
        known = (place < len(self._rows)) & (self._rows[np.minimum(place, len(self._rows) - 1)] == rows)
        if not known.all():
            return float("nan")
        low, high = (side[place] for side in self._sides)
        zero = np.flatnonzero(np.isin(self._free, dropped))
        self._session.limit(place, low + shift, high + shift)
        self._session.bound(zero, np.zeros(len(zero)), np.zeros(len(zero)))
        answer = self._session.solve()
        if answer.status is not Status.OPTIMAL:  # what runs or is built cannot go on as it is: it may do less
            most = np.where(np.isin(self._whole, zero), 0.0, self._at)
            self._session.bound(self._whole, np.zeros(len(self._whole)), most)
            answer = self._session.solve()
            self._session.bound(self._whole, self._at, self._at)
        self._session.limit(place, low, high)
        self._session.bound(zero, *(side[zero] for side in self._bounds))
        return float("nan") if answer.status is not Status.OPTIMAL else self._base.value - answer.value

    def dual(self, rows: Ints) -> Floats:
        """Return the duals of some rows, NaN without them."""
        if self._base.row_dual is None or not len(self._rows):
            return np.full(len(rows), np.nan)
        place = np.minimum(np.searchsorted(self._rows, rows), len(self._rows) - 1)
        return np.where(self._rows[place] == rows, self._base.row_dual[place], np.nan)


def _balances(model: Model, name: str) -> Ints:
    """Return the balance row of each flow column at its outlet or its inlet, -1 where there is none."""
    network, flow, block = model.candidates.network, model.column("flow"), model.rows[name]
    group = network.arcs.outlet if name == "outlet" else network.arcs.inlet
    most = max(int(group.max(initial=-1)), int(block.key["group"].max(initial=-1)))
    table = np.full((most + 1, len(network.places.share)), -1)
    table[block.key["group"], block.key["period"]] = block.positions
    return table[group[flow.key["arc"]], flow.key["period"]] if len(flow) else np.empty(0, np.int64)
