"""Point: a plan as a point of the literal model, restricted to the exchanges in the plan."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.literal.ends import CoalitionBasis, LiteralEnds, basis_of
from synergy.literal.exchanges import PLACE, Exchanges, feeds, forbidden, routes_of, stated
from synergy.literal.parts import Parts, enterprises_of, numbered
from synergy.literal.scope import CoalitionScope, Flags, Floats, Ints, Variant, positions
from synergy.plan import Decisions

SIDES = (("outlet", "from_site"), ("inlet", "to_site"))
RUNNING = 1e-9  # part of what a facility could do below which it is off


@dataclass(frozen=True, slots=True)
class Stray:
    """Rows of a frame of a plan that match no variable of the model, with the rule and the reason.

    `column` is the column at fault, "" where it is the whole row.
    """

    code: str
    frame: str
    column: str
    rows: Flags
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """Values of the literal model's variables in a plan.

    Parameters
    ----------
    parts : Parts
        The model; its exchanges are the plan's flows, its opened links those that the plan uses or names.
    x : ndarray
        Value of each column, 0 for those without a row in the plan; a facility with a least load is on where it runs,
        two enterprises are partners where something flows between them.
    flow, run, level, build, link : ndarray of int
        Column of each row of the plan's frames (of a build that of its size), -1 for strays.
    """

    parts: Parts
    x: Floats
    flow: Ints
    run: Ints
    level: Ints
    build: Ints
    link: Ints
    strays: tuple[Stray, ...]


def point_of(
    dataset: Dataset, decisions: Decisions, members: Collection[str] | None = None, variant: Variant = Variant.ROUND
) -> Point:
    """Return the point of the literal model of a coalition (all enterprises by default) that some decisions define.

    The amounts of the decisions are numbers, whatever the ids; their rows are numbered from 0.

    Notes
    -----
    Time and memory are linear in the rows of the tables and of the plan: of the exchanges, which are many, only those
    are written out that the plan names, as all others are 0.
    """
    basis, builds = basis_of(dataset, members, variant), decisions.builds
    rows = zip(builds["process"], builds["site"], builds["size"], strict=True)
    names = [f"{process}@{site}" + (f"#{size}" if size else "") for process, site, size in rows]
    build = positions(basis.units.steps["subject"], names)
    maximum = basis.units.steps["maximum"].to_numpy(dtype=float)
    if np.isinf(maximum).any():  # an unlimited step may be as large as the plan builds it
        size = basis.units.steps["minimum"].to_numpy(dtype=float).copy()
        np.maximum.at(size, build[build >= 0], builds["capacity"].to_numpy(dtype=float)[build >= 0])
        steps = basis.units.steps.assign(maximum=np.where(np.isinf(maximum), size, maximum))
        basis = basis.sized(replace(basis.units, steps=steps))
    scope = basis.scope
    ways, opened = ways_of(scope, decisions.flows), ways_of(scope, decisions.links)
    wanted = pd.concat([ways, opened], ignore_index=True).drop_duplicates()
    wanted = wanted[(wanted[["from", "to", "commodity"]] >= 0).all(axis=1)]
    routes = routes_of(scope, basis.outlets, basis.inlets, wanted)
    exchanges, kept, strays = _flows(basis, routes, decisions.flows, ways)
    new, link = routes["new"].to_numpy(dtype=bool), _route_at(routes, opened)
    link = np.where(new[link], link, -1)
    used = np.union1d(exchanges.route[new[exchanges.route]], link[link >= 0]).astype(np.int64)
    sent = decisions.flows["quantity"].to_numpy(dtype=float)[kept]
    ends, none = (basis.outlets, basis.inlets), pd.DataFrame()
    parts = numbered(Parts(scope, basis.tables, basis.units, *ends, routes, exchanges, used, none, {}, sent))
    return _filled(parts, decisions, (np.where(kept, np.cumsum(kept) - 1, -1), build, link), strays)


def matched(wanted: pd.DataFrame, known: pd.DataFrame) -> Ints:
    """Position of each row among the unique rows of another frame with the same columns, -1 where there is none."""
    code = np.zeros(len(known) + len(wanted), dtype=np.int64)
    for name in known:
        cells = np.concatenate([frame[name].to_numpy(dtype=object) for frame in (known, wanted)])
        code = pd.factorize(code * len(code) + pd.factorize(cells)[0])[0]
    return positions(code[: len(known)], code[len(known) :])


def ways_of(scope: CoalitionScope, frame: pd.DataFrame) -> pd.DataFrame:
    """`PLACE` of the flows or links of a plan, -1 for sites and commodities that no table has."""
    start, end = (scope.site(frame[side]) for side in ("from_site", "to_site"))
    return pd.DataFrame(
        {"from": start, "to": end, "commodity": scope.commodity(frame["commodity"]), "mode": frame["mode"].to_numpy()}
    )


def _route_at(routes: pd.DataFrame, ways: pd.DataFrame) -> Ints:
    """Position of the route of each way: 0 where it stays at a site, -1 where there is none."""
    stays = (ways["from"] == ways["to"]) & (ways["from"] >= 0) & (ways["mode"] == "")
    return np.where(stays, 0, matched(ways, routes[PLACE]))


def _flows(
    basis: CoalitionBasis, routes: pd.DataFrame, frame: pd.DataFrame, ways: pd.DataFrame
) -> tuple[Exchanges, Flags, list[Stray]]:
    """Return the exchanges that flows of a plan are, which flows are any, and why the others are not.

    `routes` are as from `routes_of`, `ways` those of the frame of flows.
    """
    scope, ends = basis.scope, (basis.outlets, basis.inlets)
    period, route = positions(scope.periods, frame["period"]), _route_at(routes, ways)
    known = {"from_site": ways["from"], "to_site": ways["to"], "commodity": ways["commodity"], "period": period}
    strays = [Stray("unknown", "flows", column, np.asarray(at) < 0, "no table has it") for column, at in known.items()]
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
    kept = ~np.any([stray.rows for stray in strays], axis=0)
    outlet, inlet, route, period = (at[kept] for at in (outlet, inlet, route, period))
    arrival, most = 1.0 - routes["loss"].to_numpy(dtype=float)[route], np.full(len(route), np.inf)
    return Exchanges(outlet, inlet, route, period, arrival, most), kept, strays


def _end_at(
    ends: LiteralEnds, frame: pd.DataFrame, names: tuple[str, str], at: tuple[Ints, Ints]
) -> tuple[Ints, list[Stray]]:
    """Return the position of the outlet or inlet of each flow (sites, commodities by position), and the mismatches."""
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


def _filled(parts: Parts, decisions: Decisions, at: tuple[Ints, Ints, Ints], strays: list[Stray]) -> Point:
    """Return the point, and the strays of all frames; flows by column, builds by step and links by route are known."""
    flow, build, link = at
    first, scope, runs, levels = parts.first, parts.scope, decisions.runs, decisions.levels
    unit = matched(runs[["kind", "id"]].astype(object), parts.units.frame[["kind", "id"]].astype(object))
    store = positions(parts.tables.stores["store"], levels["store"])
    run_at, level_at = (positions(scope.periods, frame["period"]) for frame in (runs, levels))
    run = np.where((unit < 0) | (run_at < 0), -1, parts.run(unit, run_at))
    level = np.where((store < 0) | (level_at < 0), -1, parts.level(store, level_at))
    size = np.where(build < 0, -1, first["size"] + build)
    opened = np.where(link < 0, -1, first["open"] + positions(parts.opened, link))
    x = np.zeros(first[""])
    for column, amount in (
        (flow, decisions.flows["quantity"]),
        (run, runs["activity"]),
        (level, levels["level"]),
        (size, decisions.builds["capacity"]),
    ):
        np.add.at(x, column[column >= 0], amount.to_numpy(dtype=float)[column >= 0])
    x[first["built"] + build[build >= 0]] = 1.0
    x[opened[opened >= 0]] = 1.0
    _switch(parts, x)
    barred = forbidden(scope, ways_of(scope, decisions.links))
    strays += [
        Stray("unknown", "runs", "period", run_at < 0, "no table has it"),
        Stray("unknown", "levels", "period", level_at < 0, "no table has it"),
        Stray("unknown", "runs", "", unit < 0, "no such facility or build"),
        Stray("unknown", "levels", "", store < 0, "no such store"),
        Stray("build", "builds", "", build < 0, "may not be built here, in this step of scale"),
        Stray("forbid", "links", "", barred, "the scenario forbids it"),
        Stray("link", "links", "", (link < 0) & ~barred, "no link that costs capex"),
    ]
    return Point(parts, x, flow, run, level, size, opened, tuple(strays))


def _switch(parts: Parts, x: Floats) -> None:
    """Fill in the variables that the plan implies: the on/off binaries and the partners."""
    first, switched = parts.first, parts.units.switched
    capacity = parts.units.frame["capacity"].to_numpy(dtype=float)[switched, None]
    activity = x[first["run"] : first["on"]].reshape(-1, parts.spans)[switched]
    x[first["on"] : first["built"]] = (activity > RUNNING * capacity * parts.units.able[switched]).ravel()
    if len(parts.couples):
        moved = np.flatnonzero(x[: len(parts.exchanges)] > 0)
        one, other = enterprises_of(parts, moved)
        pair = matched(pd.DataFrame({"one": one, "other": other}), parts.couples)
        x[first["partner"] + pair[pair >= 0]] = 1.0
