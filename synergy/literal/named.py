"""Named: which outlet, inlet, route and period each flow of a plan names, and why some name none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.literal.ends import Ends
from synergy.literal.exchanges import feeds, stated
from synergy.literal.routes import PLACE, matches
from synergy.literal.scope import Flags, Ints, Scope, positions

SIDES = (("outlet", "from_site"), ("inlet", "to_site"))


@dataclass(frozen=True, slots=True)
class Stray:
    """Rows of a plan that are no variables of the model, and why.

    Parameters
    ----------
    code : str
        Name of the rule.
    frame, column : str
        Frame of the plan, and the column at fault; "" where it is the whole row.
    rows : ndarray of bool
        Which rows of the frame.
    text : str
        What is wrong.
    """

    code: str
    frame: str
    column: str
    rows: Flags
    text: str


@dataclass(frozen=True, slots=True)
class NamedFlows:
    """What each flow of a plan names, by position, -1 for what is not there.

    Parameters
    ----------
    outlet, inlet, route, period : ndarray of int
        As of `Exchanges`.
    kept : ndarray of bool
        Which flows are exchanges of the model.
    strays : tuple of Stray
        Why the others are none.
    """

    outlet: Ints
    inlet: Ints
    route: Ints
    period: Ints
    kept: Flags
    strays: tuple[Stray, ...]


def matched(wanted: pd.DataFrame, known: pd.DataFrame) -> Ints:
    """Position of each row among the unique rows of another frame with the same columns, -1 where there is none."""
    code = np.zeros(len(known) + len(wanted), dtype=np.int64)
    for name in known:
        cells = np.concatenate([frame[name].to_numpy(dtype=object) for frame in (known, wanted)])
        code = pd.factorize(code * len(code) + pd.factorize(cells)[0])[0]
    return positions(code[: len(known)], code[len(known) :])


def ways_of(scope: Scope, frame: pd.DataFrame) -> pd.DataFrame:
    """`PLACE` of the flows or links of a plan, -1 for sites and commodities that no table has."""
    start, end = (scope.site(frame[side]) for side in ("from_site", "to_site"))
    return pd.DataFrame(
        {"from": start, "to": end, "commodity": scope.commodity(frame["commodity"]), "mode": frame["mode"].to_numpy()}
    )


def route_at(routes: pd.DataFrame, ways: pd.DataFrame) -> Ints:
    """Position of the route of each way: 0 where it stays at a site, -1 where there is none."""
    stays = (ways["from"] == ways["to"]) & (ways["from"] >= 0) & (ways["mode"] == "")
    return np.where(stays, 0, matched(ways, routes[PLACE]))


def forbidden(scope: Scope, ways: pd.DataFrame) -> Flags:
    """Which ways between two sites the scenario forbids."""
    barred = np.zeros(len(ways), dtype=bool)
    for pattern in scope.settings.forbid:
        barred |= matches(scope, pattern, ways)
    return barred & (ways["from"] != ways["to"]).to_numpy()


def flows_of(
    scope: Scope, ends: tuple[Ends, Ends], routes: pd.DataFrame, flows: tuple[pd.DataFrame, pd.DataFrame]
) -> NamedFlows:
    """Outlet, inlet, route and period of each flow.

    Parameters
    ----------
    scope : Scope
    ends : tuple of Ends
        Outlets and inlets.
    routes : pandas.DataFrame
        See `routes_of`.
    flows : tuple of pandas.DataFrame
        The plan's frame, and its `ways_of`.
    """
    frame, ways = flows
    period = positions(scope.periods, frame["period"])
    route = route_at(routes, ways)
    strays = list(_unknown(ways, period))
    places = []
    for side, (name, place), column in zip(ends, SIDES, ("from", "to"), strict=True):
        at, why = _end_at(side, frame, (name, place), (ways[column].to_numpy(), ways["commodity"].to_numpy()))
        there = side.present[at, period] | (at < 0) | (period < 0)
        why.append(Stray("arc", "flows", "", ~there, f"the {name} is not there in this period"))
        away = (ways["from"] != ways["to"]).to_numpy() & side.column("local")[at] & (at >= 0)
        why.append(Stray("arc", "flows", "", away, f"the {name} is reached from its own site alone"))
        strays += why
        places.append(at)
    outlet, inlet = places
    barred = forbidden(scope, ways)
    text = "no such way: unknown, too far or forbidden by the tables"
    strays.append(Stray("link", "flows", "", (route < 0) & ~barred, text))
    strays.append(Stray("forbid", "flows", "", barred, "the scenario forbids it"))
    through = ~feeds(frame["outlet_kind"].to_numpy(object), frame["inlet_kind"].to_numpy(object))
    strays.append(Stray("arc", "flows", "", through, "an outlet of this kind may not feed such an inlet"))
    both = np.flatnonzero((outlet >= 0) & (inlet >= 0))
    silent = np.zeros(len(frame), dtype=bool)
    silent[both] = ~stated(scope, *ends, (outlet[both], inlet[both]))
    strays.append(Stray("quality", "flows", "", silent, "the outlet does not state a property that the inlet limits"))
    bad = np.any([stray.rows for stray in strays], axis=0)
    return NamedFlows(outlet, inlet, route, period, ~bad, tuple(strays))


def _unknown(ways: pd.DataFrame, period: Ints) -> Iterator[Stray]:
    """Sites, commodities and periods that no table has."""
    columns = {"from_site": ways["from"], "to_site": ways["to"], "commodity": ways["commodity"], "period": period}
    for column, at in columns.items():
        yield Stray("unknown", "flows", column, np.asarray(at) < 0, "no table has it")


def _end_at(ends: Ends, frame: pd.DataFrame, names: tuple[str, str], at: tuple[Ints, Ints]) -> tuple[Ints, list[Stray]]:
    """Position of the outlet or inlet of each flow (sites and commodities by position), and what is wrong."""
    (name, place), (site, commodity) = names, at
    plain = {"kind": object, "id": object}
    key = ends.frame[["kind", "id", "commodity", "site"]].astype(plain)
    wanted = pd.DataFrame({"kind": frame[f"{name}_kind"], "id": frame[f"{name}_id"]}).reset_index(drop=True)
    wanted = wanted.astype(plain).assign(commodity=commodity, site=site)
    position = matched(wanted, key)
    missing = np.flatnonzero(position < 0)
    lost = wanted.iloc[missing]
    anywhere = np.zeros(len(frame), dtype=bool)
    if len(missing):
        there = key[["kind", "id", "commodity"]].drop_duplicates()
        anywhere[missing] = matched(lost[["kind", "id", "commodity"]], there) >= 0
    kept = np.zeros(len(frame), dtype=bool)
    kept[missing] = (lost["kind"] == "disposal").to_numpy() & (lost["id"] == "").to_numpy() & (name == "inlet")
    kept &= ~anywhere & (commodity >= 0)
    unknown = (position < 0) & ~anywhere & ~kept
    return position, [
        Stray("unknown", "flows", "", unknown, f"no such {name} of this commodity"),
        Stray("arc", "flows", "", kept, "this commodity may not be disposed of"),
        Stray("arc", "flows", "", anywhere, f"the {name} is not at {place}"),
    ]
