"""Re-optimisation of a plan after small changes: solve the warm LP with builds and links fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from synergy.model.build import Model
from synergy.model.highs import DEVEX, SolverResult, SolverSession, Status
from synergy.model.reduced import narrowed, open_columns
from synergy.model.scaling import scaled
from synergy.network.places import Floats, Ints, positions
from synergy.plan import Decisions

WHOLE = 1e-6  # a switch of the relaxation this near to on is on


class WhatIf:
    """Keep the plan's problem with fixed integers in a solver for quick re-optimisation queries.

    `x`, shape (columns,), is the plan, integers whole; `decisions` is the same plan as frames, and queries refer to its
    rows. `flow_column`, shape (flows,), is the column of the model behind each row of the flows frame.
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
        self._session = SolverSession(small, relaxed=True)
        self._session.set(simplex_dual_edge_weight_strategy=DEVEX)  # exact weights cost more than a warm solve
        integer = np.flatnonzero(model.integer)
        self._bound(integer, x[integer], x[integer])
        self._session.solve()

    def without(self, flows: Sequence[int], builds: Sequence[int], links: Sequence[int]) -> float | None:
        """Return the value of the best plan without some rows of the plan, None if infeasible.

        Units stay on or off as in the plan if feasible; otherwise their on/off binaries are rounded from the
        relaxation, so the loss may be overstated, never understated.
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

    def _switched(self) -> SolverResult:
        """Return the answer with the on/off binaries of units rounded anew from the relaxation."""
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
        """Change bounds; columns removed because the plan's binaries fix them at 0 are skipped."""
        there = self._place[which] >= 0
        self._session.bound(self._place[which[there]], lower[there], upper[there])

    def _usual(self, which: Ints) -> tuple[Floats, Floats]:
        """Return the default bounds of some columns."""
        integer = self._model.integer[which]
        lower = np.where(integer, self._x[which], self._problem.lower[which])
        return lower, np.where(integer, self._x[which], self._problem.upper[which])

    def _elsewhere(self, flows: Sequence[int], builds: Sequence[int]) -> Ints:
        """Return the flows that do not end at one of the given builds, and so need a cap of their own."""
        rows = np.asarray(flows, dtype=np.int64)
        build = self._decisions.builds.iloc[list(builds)]
        names = list(build["process"].astype(str) + "@" + build["site"].astype(str))
        frame = self._decisions.flows.iloc[rows]
        at = np.zeros(len(rows), dtype=bool)
        for end in ("outlet", "inlet"):
            at |= ((frame[f"{end}_kind"] == "build") & frame[f"{end}_id"].isin(names)).to_numpy(dtype=bool)
        return rows[~at]

    def _capped(self, flows: Ints) -> tuple[Ints, Floats]:
        """Return the columns of some flows and the amount that other flows of the plan contribute to each."""
        column = np.unique(self._flow_column[flows])
        rest = self._decisions.flows["quantity"].to_numpy(float).copy()
        rest[flows] = 0.0
        total = np.bincount(self._flow_column, weights=rest, minlength=int(column.max(initial=0)) + 1)
        return column, np.asarray(total[column], dtype=float)

    def _builds(self, builds: Sequence[int]) -> Ints:
        """Return the size columns and build binaries of some builds."""
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
