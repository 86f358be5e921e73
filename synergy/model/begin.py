"""Begin: plans of a problem of many periods from its aggregate, which is solved many times faster and bounds it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synergy.model.aggregate import aggregated, forcing_in, parts_in
from synergy.model.build import Model
from synergy.model.effort import Effort, Event
from synergy.model.highs import Answer
from synergy.model.plans import Hint, hinted
from synergy.model.scaling import Problem, scaled
from synergy.model.search import Knowledge, search

ROUGH = 0.1  # gap of the aggregate that a first plan may have
ROUGH_PART = 0.2  # of the time that is left, for it
CLOSE = 5e-3  # gap of the aggregate that suffices: its plan is off by as much in the periods
CLOSE_PART = 0.5  # of the time that is left, for it


class Beginning:
    """The aggregate of a problem, and the plans that follow from it.

    Parameters
    ----------
    model : Model
        Of many periods.
    problem : Problem
        The same, scaled.
    known : Knowledge
        Of the problem.
    effort : Effort
        Who listens, and when to stop.
    """

    def __init__(self, model: Model, problem: Problem, known: Knowledge, effort: Effort) -> None:
        self._whole = aggregated(model)
        self._inner = scaled(self._whole.model)
        self._money = self._inner.money / problem.money
        self._problem, self._effort, self._outer = problem, effort, known
        self._known = Knowledge(forcing_in(self._whole, known.forcing), parts_in(self._whole, known.parts))
        self._columns = np.flatnonzero(model.integer & self._whole.model.integer[self._whole.group])

    def sketch(self) -> Answer:
        """Return a plan that a short search of the aggregate leads to, with the bound that it proves."""
        return self._searched(ROUGH, ROUGH_PART)

    def plan(self) -> Answer:
        """Return the plan that a search of the aggregate leads to, with the bound that it proves."""
        return self._searched(CLOSE, CLOSE_PART)

    def _searched(self, gap: float, part: float) -> Answer:
        """Return the plan that follows from the aggregate's, searched to a gap in a part of the time that is left."""
        effort = self._effort
        limit = effort.seconds + part * effort.left
        inner = replace(effort, gap=max(effort.gap, gap), time_limit=limit, listen=self._hear, memory=None, note=None)
        return self._followed(search(self._inner, inner, self._known))

    def _hear(self, event: Event) -> None:
        """Pass the aggregate's bound on, which holds for the periods; its plan is not theirs."""
        if event.bound is not None:
            self._effort.say("year", event.bound)

    def _followed(self, answer: Answer) -> Answer:
        """Return the plan of the problem that decides as the aggregate's."""
        bound = answer.bound * self._money
        if answer.x is None:
            return replace(answer, bound=bound, x=None, row_dual=None, column_dual=None)
        hint = Hint(self._columns, np.round(answer.x[self._whole.group[self._columns]]), bound)
        return replace(hinted(self._problem, hint, (self._outer.forcing, self._effort)), bound=bound)
