"""Cost ladder: geometric rounding of confidential costs in frozen datasets.

All that comes out of a run (which proposals there are, prices, payoffs, reasons) is computed from what was frozen. So
whatever others ask, declare or compute, for as many rounds as they like, a cost stays hidden within its rungs: an
interval of at least ``step / (1 + step)`` of it. Costs go up to their rung and what somebody pays goes down to it, so
that a proposal that pays on the ladder pays in truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from synergy.dataset.sheet import Dataset
from synergy.records.names import Sheet

Floats = NDArray[np.float64]
STEP = 0.12  # leaves at least 10.7 % of each cost
DIGITS = 6  # of a rung
_SAME = 1e-9
# column of the cost, and whether it goes up
_COSTS: Mapping[Sheet, tuple[str, bool]] = MappingProxyType(
    {Sheet.OFFERS: ("price", True), Sheet.NEEDS: ("price", False), Sheet.FACILITIES: ("opex", True)}
)


def rungs(values: Floats, step: float, *, up: bool) -> Floats:
    """Return values rounded to a geometric ladder, the powers of ``1 + step``; a value on a rung is unchanged.

    Values are money per unit of either sign, 0 and NaN stay; they go to the rung above or (`up` False) below. Step 0:
    no ladder.

    Examples
    --------
    >>> rungs(np.array([100.0, -100.0, 0.0]), 0.12, up=True)
    array([104.217, -93.051,   0.   ])
    """
    found = values.copy()
    put = np.isfinite(values) & (values != 0)
    if step <= 0 or not put.any():
        return found
    size, away = np.abs(values[put]), (values[put] > 0) == up
    level = np.log(size) / np.log1p(step)
    near = np.round(level)
    exact = np.abs(_rung(near, step) - size) <= _SAME * size
    found[put] = np.sign(values[put]) * _rung(
        np.where(exact, near, np.where(away, np.ceil(level), np.floor(level))), step
    )
    return found


def _rung(level: Floats, step: float) -> Floats:
    """Return the rungs of integer levels, rounded to `DIGITS` significant digits."""
    exact = np.exp(level * np.log1p(step))
    place = 10.0 ** (DIGITS - 1 - np.floor(np.log10(exact)))
    rung: Floats = np.round(exact * place) / place
    return rung


def on_ladder(dataset: Dataset, step: float) -> Dataset:
    """Return a dataset, without a scenario, with the costs of enterprises on the ladder; public costs are unchanged."""
    if step <= 0:
        return dataset
    sites = dataset["sites"]
    private = set(sites.loc[sites["enterprise"] != "", "site"])
    tables = dict(dataset.tables)
    for sheet, (column, up) in _COSTS.items():
        frame = dataset[sheet].copy()
        own = frame["site"].isin(private).to_numpy(dtype=bool)
        costs = frame[column].to_numpy(dtype=float)
        frame[column] = np.where(own, rungs(costs, step, up=up), costs)
        tables[sheet] = frame.drop(columns=[f"{column}_low", f"{column}_high"], errors="ignore")
    return replace(dataset, tables=tables)
