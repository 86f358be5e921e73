"""What-ifs on a plan: the continuous rest solved again, warm, with builds and links held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from synergy.model.build import Model
from synergy.model.highs import DEVEX, Answer, Session, Status
from synergy.model.reduced import narrowed, open_columns
from synergy.model.scaling import scaled
from synergy.network.places import Floats, Ints, positions
from synergy.plan import Decisions

WHOLE = 1e-6  # a switch of the relaxation this near to on is on


class WhatIf:
    """The plan's problem with its integers held, kept in a solver for quick questions.

    Parameters
    ----------
    model : Model
        Of the round.
    x : numpy.ndarray, shape (columns,)
        The plan, integers whole.
    decisions : Decisions
        The same plan as frames; its rows are what questions speak of.
    flow_column : numpy.ndarray of int64, shape (flows,)
        Column of the model behind each row of the flows frame.
    """

    def __init__(self, model: Model, x: Floats, decisions: Decisions, flow_column: Ints) -> None:
        self._model, self._x, self._decisions, self._flow_column = model, x, decisions, flow_column
        self._problem, self._switches = scaled(model), model.column("on").positions
        upper = np.where(model.integer, np.minimum(x, self._problem.upper), self._problem.upper)
        upper[self._switches] = 1.0  # they may be switched anew
        left = open_columns(replace(self._problem, upper=upper))
        self._place: Ints = np.full(len(x), -1)
        self._place[left] = np.arange(len(left))
        small, _ = narrowed(self._problem, left)
        self._session = Session(small, relaxed=True)
        self._session.set(simplex_dual_edge_weight_strategy=DEVEX)  # exact weights cost more than a warm solve
        integer = np.flatnonzero(model.integer)
        self._bound(integer, x[integer], x[integer])
        self._session.solve()

    def without(self, flows: Sequence[int], builds: Sequence[int], links: Sequence[int]) -> float | None:
        """Return the value of the best plan without some of its rows, None where there is no such plan.

        Units stay on or off as in the plan while that can be; where their least loads leave no plan, they are switched
        anew, by rounding the relaxation: what is lost may then be overstated, never understated.
        """
        column, most = self._capped(self._elsewhere(flows, builds))
        held = np.concatenate([self._builds(builds), self._links(links)]).astype(np.int64)
        which = np.concatenate([column, held])
        upper = np.concatenate([most, np.zeros(len(held))]) / self._problem.column[which]
        lower = np.zeros(len(which))
        self._bound(which, lower, np.maximum(upper, lower))
        answer = self._session.solve()
        if answer.status is not Status.OPTIMAL and len(self._switches):
            answer = self._switched()
        self._bound(which, *self._usual(which))
        value = -answer.value * self._problem.money
        return value if answer.status is Status.OPTIMAL else None

    def _switched(self) -> Answer:
        """Return the answer with the units of least load switched anew."""
        free = np.zeros(len(self._switches)), np.ones(len(self._switches))
        self._bound(self._switches, *free)
        answer = self._session.solve()
        if answer.x is not None:
            part = answer.x[self._place[self._switches]]
            for least in (0.5, 1.0 - WHOLE):
                on = (part >= least).astype(float)
                self._bound(self._switches, on, on)
                answer = self._session.solve()
                if answer.status is Status.OPTIMAL:
                    break
        self._bound(self._switches, *self._usual(self._switches))
        return answer

    def _bound(self, which: Ints, lower: Floats, upper: Floats) -> None:
        """Change bounds; what the plan's builds and links leave at 0 stays there."""
        there = self._place[which] >= 0
        self._session.bound(self._place[which[there]], lower[there], upper[there])

    def _usual(self, which: Ints) -> tuple[Floats, Floats]:
        """Return the bounds that columns have while nothing is asked."""
        integer = self._model.integer[which]
        lower = np.where(integer, self._x[which], self._problem.lower[which])
        return lower, np.where(integer, self._x[which], self._problem.upper[which])

    def _elsewhere(self, flows: Sequence[int], builds: Sequence[int]) -> Ints:
        """Return the flows that do not end at one of the builds: without it they are gone, and others may step in."""
        rows = np.asarray(flows, dtype=np.int64)
        build = self._decisions.builds.iloc[list(builds)]
        names = list(build["process"].astype(str) + "@" + build["site"].astype(str))
        frame = self._decisions.flows.iloc[rows]
        at = np.zeros(len(rows), dtype=bool)
        for end in ("outlet", "inlet"):
            at |= ((frame[f"{end}_kind"] == "build") & frame[f"{end}_id"].isin(names)).to_numpy(dtype=bool)
        return rows[~at]

    def _capped(self, flows: Ints) -> tuple[Ints, Floats]:
        """Return the columns of some flows and what other flows of the plan leave to each."""
        column = np.unique(self._flow_column[flows])
        rest = self._decisions.flows["quantity"].to_numpy(float).copy()
        rest[flows] = 0.0
        total = np.bincount(self._flow_column, weights=rest, minlength=int(column.max(initial=0)) + 1)
        return column, np.asarray(total[column], dtype=float)

    def _builds(self, builds: Sequence[int]) -> Ints:
        """Return the columns of size and yes-or-no of some builds."""
        rows = self._decisions.builds.iloc[list(builds)]
        units, steps = self._model.candidates.network.units, self._model.candidates.network.units.steps
        unit = positions(rows["process"].astype(object) + "@" + rows["site"].astype(object), units.ids)
        parts = [np.empty(0, np.int64)]
        for name in ("size", "built"):
            block = self._model.column(name)
            if len(block):
                parts.append(block.positions[np.isin(steps.unit[block.key["step"]], unit)])
        return np.concatenate(parts)

    def _links(self, links: Sequence[int]) -> Ints:
        """Return the columns of some opened links."""
        rows = self._decisions.links.iloc[list(links)]
        network, block = self._model.candidates.network, self._model.column("open")
        if not len(rows) or not len(block):
            return np.empty(0, np.int64)
        link, places = block.key["link"], network.places
        parts = (
            places.sites[network.links.origin[link]],
            places.sites[network.links.target[link]],
            places.commodities[network.links.commodity[link]],
            network.links.mode[link],
        )
        known = ["\x1f".join(key) for key in zip(*parts, strict=True)]
        wanted = ["\x1f".join(key) for key in zip(*(rows[name] for name in rows.columns[:4]), strict=True)]
        return block.positions[np.isin(known, wanted)]
