"""Names of the columns, and bounds that follow from the rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from synergy.literal.parts import Parts
from synergy.literal.rows import route_names
from synergy.literal.scope import Floats, Ints

NAME_COLUMNS = (
    "variable",
    "subject",
    "commodity",
    "period",
    "from_site",
    "to_site",
    "mode",
    "outlet_kind",
    "outlet_id",
    "inlet_kind",
    "inlet_id",
)
Coded = tuple[Ints, ArrayLike]  # positions, and the names at them


def columns_of(parts: Parts) -> pd.DataFrame:
    """Return the names of all columns, see `LiteralModel`."""
    counts = np.diff(list(parts.first.values()))
    kinds = [kind for kind in parts.first if kind]
    blocks: dict[str, dict[str, Coded]] = {kind: {} for kind in kinds}
    blocks |= _flows(parts) | _units(parts) | _links(parts) | _levels(parts)
    frame: dict[str, pd.Categorical] = {}
    for name in NAME_COLUMNS[1:]:
        pieces = [
            blocks[kind].get(name, (np.zeros(count, dtype=np.int64), [""]))
            for kind, count in zip(kinds, counts, strict=True)
        ]
        frame[name] = _coded(pieces)
    arrival = np.ones(parts.first[""])
    arrival[: len(parts.exchanges)] = parts.exchanges.arrival
    variable = _coded([(np.repeat(np.arange(len(kinds)), counts), kinds)])
    return pd.DataFrame({"variable": variable} | frame | {"arrival": arrival})


def _coded(pieces: Sequence[Coded]) -> pd.Categorical:
    """Return pieces of names by position, one after the other, as a categorical."""
    names = [np.asarray(names, dtype=object) for _, names in pieces]
    first = np.cumsum([0, *(len(some) for some in names)])
    code, categories = pd.factorize(np.concatenate(names))
    position = np.concatenate([codes + start for (codes, _), start in zip(pieces, first, strict=False)])
    return pd.Categorical.from_codes(code[position.astype(np.int64)], categories=pd.Index(categories))


def _flows(parts: Parts) -> dict[str, dict[str, Coded]]:
    """Return the names of flows."""
    exchanges, site = parts.exchanges, parts.scope.column("site")
    named: dict[str, Coded] = {
        "commodity": (parts.commodity(), parts.scope.dataset["commodities"]["commodity"]),
        "period": (exchanges.period, parts.scope.periods),
        "from_site": (parts.start(), site),
        "to_site": (parts.end(), site),
        "mode": (exchanges.route, parts.routes["mode"]),
        "outlet_kind": (exchanges.outlet, parts.outlets.column("kind")),
        "outlet_id": (exchanges.outlet, parts.outlets.column("id")),
        "inlet_kind": (exchanges.inlet, parts.inlets.column("kind")),
        "inlet_id": (exchanges.inlet, parts.inlets.column("id")),
    }
    return {"flow": named}


def _units(parts: Parts) -> dict[str, dict[str, Coded]]:
    """Return the names of activities, switches, builds and sizes."""
    units, spans = parts.units, parts.spans
    everyone = np.arange(len(units.frame))
    periods = parts.scope.periods
    steps: dict[str, Coded] = {"subject": (np.arange(len(units.steps)), units.steps["subject"])}

    def timed(chosen: Ints) -> dict[str, Coded]:
        unit, period = np.repeat(chosen, spans), np.tile(np.arange(spans), len(chosen))
        kind, subject = units.frame["kind"], units.frame["id"]
        return {"subject": (unit, subject), "period": (period, periods), "outlet_kind": (unit, kind)}

    return {"run": timed(everyone), "on": timed(units.switched), "built": steps, "size": steps}


def _links(parts: Parts) -> dict[str, dict[str, Coded]]:
    """Return the names of opened links and partners."""
    routes = parts.routes
    site = [*parts.scope.column("site"), ""]
    commodity = parts.scope.dataset["commodities"]["commodity"].to_numpy()
    opened: dict[str, Coded] = {
        "subject": (parts.opened, route_names(parts)),
        "commodity": (routes["commodity"].to_numpy(dtype=int)[parts.opened], commodity),
        "from_site": (routes["from"].to_numpy(dtype=int)[parts.opened], site),
        "to_site": (routes["to"].to_numpy(dtype=int)[parts.opened], site),
        "mode": (parts.opened, routes["mode"]),
    }
    couples = parts.couples["one"] + "|" + parts.couples["other"]
    return {"open": opened, "partner": {"subject": (np.arange(len(couples)), couples)}}


def _levels(parts: Parts) -> dict[str, dict[str, Coded]]:
    """Return the names of levels."""
    stores, spans = parts.tables.stores, parts.spans
    store, period = np.repeat(np.arange(len(stores)), spans), np.tile(np.arange(spans), len(stores))
    return {"level": {"subject": (store, stores["store"]), "period": (period, parts.scope.periods)}}


def reach_of(parts: Parts) -> Floats:
    """Return an upper bound of each column that follows from the rows, infinite where none does."""
    pieces: Sequence[Floats] = (
        parts.exchanges.most,
        parts.units.most.ravel(),
        np.ones(parts.first["built"] - parts.first["on"]),
        np.ones(len(parts.units.steps)),
        parts.units.steps["maximum"].to_numpy(dtype=float),
        np.ones(len(parts.opened) + len(parts.couples)),
        np.repeat(parts.tables.stores["capacity"].to_numpy(dtype=float), parts.spans),
    )
    return np.concatenate(pieces)
