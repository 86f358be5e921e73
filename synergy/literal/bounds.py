"""Big-M bounds for binaries: the attainable size of builds for which the dataset states no maximum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synergy.literal.ends import LiteralEnds
from synergy.literal.scope import CoalitionScope, Floats
from synergy.literal.units import LiteralUnits, most_of

ROUNDS = 50  # chains of unlimited builds longer than this are bounded by `enough` alone


AMOUNTS = (
    ("offers", "quantity"),
    ("needs", "quantity"),
    ("facilities", "capacity"),
    ("stores", "capacity"),
    ("markets", "limit"),
    ("processes", "max_capacity"),
    ("sizes", "max_capacity"),
    ("transport", "capacity"),
)


def bounded(scope: CoalitionScope, units: LiteralUnits, outlets: LiteralEnds, inlets: LiteralEnds) -> LiteralUnits:
    """Return units whose steps of scale all have a finite maximum size.

    Where none is stated it is the least that the inputs allow: all that the outlets of a commodity can give in a
    period, over what a unit of activity takes of it.
    """
    steps = units.steps
    blank = np.isinf(steps["maximum"].to_numpy())
    size, most = steps["maximum"].to_numpy(dtype=float).copy(), units.most
    for _ in range(ROUNDS if blank.any() else 0):
        supply = _supply(scope, outlets, most)
        before = size.copy()
        size[blank] = np.minimum(size, _reach(units, inlets, supply)[steps["unit"].to_numpy()])[blank]
        most = _most(units, size)
        if np.array_equal(before, size):
            break
    size[np.isinf(size)] = enough(scope)
    size = np.where(blank, np.maximum(size, steps["minimum"].to_numpy(dtype=float)), size)
    return replace(units, steps=steps.assign(maximum=size), most=_most(units, size))


def enough(scope: CoalitionScope) -> float:
    """Return a big-M quantity that exceeds the flows of any plan: ten times all amounts in the dataset."""
    total = sum(float(scope.dataset[table][column].sum()) for table, column in AMOUNTS)
    return 10.0 * max(1.0, total)


def capped(scope: CoalitionScope, most: Floats) -> Floats:
    """Return bounds with the infinite ones replaced by `enough`."""
    return np.where(np.isinf(most), enough(scope), most)


def _most(units: LiteralUnits, size: Floats) -> Floats:
    """Return units x periods of greatest activity with the sizes given."""
    capacity = units.frame["capacity"].fillna(0.0).to_numpy(dtype=float).copy()
    np.maximum.at(capacity, units.steps["unit"].to_numpy(), size)
    return most_of(capacity, units.able)


def _supply(scope: CoalitionScope, outlets: LiteralEnds, most: Floats) -> Floats:
    """Return commodities x periods: the most that all outlets together can give."""
    given = outlets.most.copy()
    made = np.isin(outlets.column("kind"), ["facility", "build"])
    source = outlets.column("source")[made]
    given[made] = most[source] * outlets.column("coefficient")[made, None]
    supply = np.zeros((len(scope.dataset["commodities"]), given.shape[1]))
    np.add.at(supply, outlets.column("commodity"), given)
    return supply


def _reach(units: LiteralUnits, inlets: LiteralEnds, supply: Floats) -> Floats:
    """Return the size (activity a year) beyond which a unit could never be fed, infinite where it takes nothing."""
    fed = np.isin(inlets.column("kind"), ["facility", "build"])
    source, coefficient = inlets.column("source")[fed], inlets.column("coefficient")[fed]
    activity = np.full(units.able.shape, np.inf)
    np.minimum.at(activity, source, supply[inlets.column("commodity")[fed]] / coefficient[:, None])
    able = np.where(units.able > 0, units.able, 1.0)
    size: Floats = np.where(units.able > 0, activity / able, 0.0).max(axis=1, initial=0.0)
    return size
