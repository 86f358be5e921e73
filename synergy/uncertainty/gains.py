"""What a changed figure makes of what each enterprise could do alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synergy.candidates.scope import coalition
from synergy.dataset.dataset import Dataset
from synergy.dataset.subset import subset
from synergy.engine import problem
from synergy.model.effort import Effort
from synergy.model.solve import solve
from synergy.uncertainty.figures import Figure

OF_SITE = ("offers", "needs", "facilities", "stores")
SECONDS = 30.0


class Alone:
    """Values of enterprises alone, computed when they are asked for.

    Parameters
    ----------
    dataset : Dataset
    known : mapping of str to float or None, optional
        Those that a plan states.
    effort : Effort
    """

    def __init__(self, dataset: Dataset, known: Mapping[str, float | None] | None, effort: Effort) -> None:
        self._dataset, self._effort = dataset, effort
        self._known = dict(known or {})
        self.stopped: str | None = None  # what ended anything so far other than its work
        self._recipes = dataset["recipes"].groupby("commodity")["process"].agg(set).to_dict()

    def change(self, other: Dataset, figure: Figure) -> float | None:
        """Return by how much the sum of all enterprises' values alone changes.

        Parameters
        ----------
        other : Dataset
            With the other figure.
        figure : Figure
            What is changed: it says whom it can touch.

        Returns
        -------
        float or None
            Money a year; None where one has no plan alone, or the time is up.
        """
        total = 0.0
        for name in self.touched(figure):
            if ended := self._effort.ended():
                self.stopped = self.stopped or ended
                return None
            if name not in self._known:
                self._known[name] = self._value(self._dataset, name)
            before, now = self._known[name], self._value(other, name)
            if before is None or now is None:
                return None
            total += now - before
        return total

    def touched(self, figure: Figure) -> list[str]:
        """Return the enterprises whose value alone a figure can change."""
        dataset, every = self._dataset, self._dataset["enterprises"]["enterprise"].to_list()
        owner = dict(zip(dataset["sites"]["site"], dataset["sites"]["enterprise"], strict=True))
        places = [row.place for row in figure.rows]
        if figure.table not in (*OF_SITE, "markets"):
            return every
        sites = set(dataset[figure.table]["site"].iloc[places])
        owners = {owner.get(site, "") for site in sites}
        if "" not in owners:  # at their own places alone
            return [name for name in every if name in owners]
        if figure.table != "markets":
            return every
        return self._with(str(dataset["markets"]["commodity"].iloc[places[0]]), owner)

    def _with(self, commodity: str, owner: Mapping[str, str]) -> list[str]:
        """Return the enterprises that have, take, make or use a commodity, or could, at their own or public places."""
        dataset, sites = self._dataset, set[str]()
        for name in ("offers", "needs", "stores"):
            frame = dataset[name]
            sites |= set(frame.loc[frame["commodity"] == commodity, "site"])
        processes = self._recipes.get(commodity, set())
        frame = dataset["facilities"]
        sites |= set(frame.loc[frame["process"].isin(processes), "site"])
        if dataset.settings.allow_builds:
            frame = dataset["build_options"]
            buildable = dataset["processes"].loc[dataset["processes"]["buildable"], "process"]
            if "build_options" not in dataset.given and processes & set(buildable):
                return [str(name) for name in dataset["enterprises"]["enterprise"]]
            sites |= set(frame.loc[frame["process"].isin(processes), "site"])
        owners = {owner[site] for site in sites}
        return [str(name) for name in dataset["enterprises"]["enterprise"] if "" in owners or name in owners]

    def _value(self, dataset: Dataset, name: str) -> float | None:
        """Return v({e}), None where no plan satisfies it."""
        part = subset(dataset, {name})
        members = (dataset["enterprises"]["enterprise"] == name).to_numpy(bool)
        quiet = Effort(min(self._effort.gap, 1e-6), min(SECONDS, max(self._effort.left, 1.0)), self._effort.threads)
        solution = solve(problem(part, coalition(np.asarray(members))), quiet)
        self.stopped = self.stopped or quiet.ended()
        return None if solution.x is None else solution.value
