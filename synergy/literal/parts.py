"""Parts: the components of the literal model, and the first column of each kind of variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from synergy.literal.bounds import bounded
from synergy.literal.ends import CoalitionBasis, CoalitionTables, LiteralEnds
from synergy.literal.exchanges import Exchanges, exchanges_of, partnership, routes_of
from synergy.literal.scope import CoalitionScope, Flags, Floats, Ints
from synergy.literal.units import LiteralUnits


@dataclass(frozen=True, slots=True)
class Parts:
    """Components of a literal model.

    `opened` are positions of routes that an exchange uses and that cost capex; `couples`, where max_partners is set,
    pairs of enterprises that may exchange, by name (one, other). `first` is the first column of each kind of variable,
    in their order, "" the number of all columns; `sent` the quantities of the exchanges where these are those of a
    plan.
    """

    scope: CoalitionScope
    tables: CoalitionTables
    units: LiteralUnits
    outlets: LiteralEnds
    inlets: LiteralEnds
    routes: pd.DataFrame
    exchanges: Exchanges
    opened: Ints
    couples: pd.DataFrame
    first: Mapping[str, int]
    sent: Floats | None = None

    @property
    def spans(self) -> int:
        """Number of periods."""
        return len(self.scope.shares)

    def start(self) -> Ints:
        """Return the site each exchange leaves."""
        site: Ints = self.outlets.column("site")[self.exchanges.outlet]
        return site

    def end(self) -> Ints:
        """Return the site each exchange reaches."""
        site: Ints = self.inlets.column("site")[self.exchanges.inlet]
        return site

    def commodity(self) -> Ints:
        """Return the commodity of each exchange."""
        commodity: Ints = self.outlets.column("commodity")[self.exchanges.outlet]
        return commodity

    def run(self, unit: Ints, period: Ints) -> Ints:
        """Return the columns of activities."""
        return self.first["run"] + unit * self.spans + period

    def level(self, store: Ints, period: Ints) -> Ints:
        """Return the columns of levels; the period before the first is the last."""
        return self.first["level"] + store * self.spans + period % self.spans


def parts_of(basis: CoalitionBasis) -> Parts:
    """Return all parts of a model of a coalition."""
    scope, units = basis.scope, basis.units
    if np.isinf(units.steps["maximum"].to_numpy(dtype=float)).any():
        basis = basis.sized(bounded(scope, units, basis.outlets, basis.inlets))
    tables, outlets, inlets = basis.tables, basis.outlets, basis.inlets
    routes = routes_of(scope, outlets, inlets)
    exchanges = exchanges_of(scope, outlets, inlets, routes)
    used = np.zeros(len(routes), dtype=bool)
    used[exchanges.route] = True
    opened = np.flatnonzero(used & routes["new"].to_numpy(dtype=bool))
    return numbered(Parts(scope, tables, basis.units, outlets, inlets, routes, exchanges, opened, pd.DataFrame(), {}))


def numbered(parts: Parts) -> Parts:
    """Parts with the pairs of enterprises that exchange, and the columns of all variables."""
    parts = replace(parts, couples=_couples(parts))
    return replace(parts, first=_first(parts))


def enterprises_of(parts: Parts, among: Ints | Flags) -> tuple[pd.Series[str], pd.Series[str]]:
    """Return the two enterprises of exchanges, the one first by name first."""
    start, end = (parts.scope.owner(side[among]) for side in (parts.start(), parts.end()))
    return start.where(start <= end, end), end.where(start <= end, start)


def _couples(parts: Parts) -> pd.DataFrame:
    """Return the pairs of enterprises that may exchange, where their number is limited."""
    if parts.scope.settings.max_partners is None:
        return pd.DataFrame({"one": pd.Series(dtype="str"), "other": pd.Series(dtype="str")})
    one, other = enterprises_of(parts, partnership(parts.scope, parts.start(), parts.end()))
    couples = pd.DataFrame({"one": one, "other": other}).drop_duplicates()
    return couples.sort_values(["one", "other"], ignore_index=True)


def _first(parts: Parts) -> dict[str, int]:
    """Return the first column of each kind of variable."""
    spans, steps = parts.spans, len(parts.units.steps)
    counts = {
        "flow": len(parts.exchanges),
        "run": len(parts.units.frame) * spans,
        "on": len(parts.units.switched) * spans,
        "built": steps,
        "size": steps,
        "open": len(parts.opened),
        "partner": len(parts.couples),
        "level": len(parts.tables.stores) * spans,
    }
    ends = np.cumsum([0, *counts.values()])
    return dict(zip([*counts, ""], ends.tolist(), strict=True))
