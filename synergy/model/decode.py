"""Values of a model's columns -> Decisions: disaggregate group flows to flows between single outlets and inlets.

Members of a group are interchangeable, so any split is as good as any other; this one lays members and exchanges of
each group side by side along one axis (the north-west corner rule of the transportation problem) and needs the fewest
pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.dataset.schema import own_column
from synergy.dataset.sheet import Ids
from synergy.model.assembly import Block, arrivals
from synergy.model.build import Model
from synergy.model.scaling import noiseless
from synergy.network.ends import EndKind, Ends
from synergy.network.network import WITHIN, Network
from synergy.network.places import Bools, Floats, Ints, Texts
from synergy.plan import BUILD_COLUMNS, FLOW_COLUMNS, FLOW_ENDS, LEVEL_COLUMNS, LINK_COLUMNS, RUN_COLUMNS, Decisions

SMALL = 1e-9  # parts of a group's total that are noise


def decode(model: Model, x: Floats) -> tuple[Decisions, Ints]:
    """Decode column values into decisions; also return the column behind each row of the flows frame.

    `x`, shape (columns,), is in the model's units; integer columns are whole numbers.
    """
    x, network = noiseless(model, x), model.candidates.network
    places, units, links = network.places, network.units, network.links
    flows, column = _flows(model, x)
    block, place, activity = _positive(model, x, "run")
    unit, period = block.key["unit"][place], block.key["period"][place]
    runs = (np.where(units.is_build[unit], "build", "facility"), units.ids[unit], places.periods[period], activity)
    block, place, amount = _positive(model, x, "level")
    store = network.dataset["stores"]["store"].to_numpy(object)[block.key["store"][place]]
    levels = (store, places.periods[block.key["period"][place]], amount)
    block, place, _ = _positive(model, x, "open")
    link = block.key["link"][place]
    opened = (*link_key(network, link), links.km[link], links.capex[link], links.annual[link])
    decisions = Decisions(
        flows=flows,
        runs=pd.DataFrame(dict(zip(RUN_COLUMNS, runs, strict=True))),
        levels=pd.DataFrame(dict(zip(LEVEL_COLUMNS, levels, strict=True))),
        builds=_builds(model, x),
        links=pd.DataFrame(dict(zip(LINK_COLUMNS, opened, strict=True))),
    )
    return decisions, column


def link_key(network: Network, link: Ints) -> tuple[Texts, Texts, Texts, Texts]:
    """Return from_site, to_site, commodity and mode of some links."""
    places, links = network.places, network.links
    ends = places.sites[links.origin[link]], places.sites[links.target[link]]
    return (*ends, places.commodities[links.commodity[link]], links.mode[link])


def _positive(model: Model, x: Floats, name: str) -> tuple[Block, Ints, Floats]:
    """Return a family of columns, the positions of its positive entries, and their values."""
    block = model.column(name)
    value = x[block.span]
    place = np.flatnonzero(value > 0)
    return block, place, value[place]


def _members(model: Model, x: Floats, ends: Ends, trade: str, store: str) -> tuple[Ints, Ints, Floats]:
    """Return end, period and amount of everything that group members supply or take."""
    run, network = model.column("run"), model.candidates.network
    activity = np.zeros((len(network.units.ids), len(network.places.share)))
    activity[run.key["unit"], run.key["period"]] = x[run.span]
    unit = np.flatnonzero(ends.kind == EndKind.UNIT)
    row, when = np.nonzero(activity[ends.ref[unit]] > 0)
    parts = [(unit[row], when, activity[ends.ref[unit[row]], when] * ends.coefficient[unit[row]])]
    for name in (trade, store):
        block, place, value = _positive(model, x, name)
        parts.append((block.key["end"][place], block.key["period"][place], value))
    end, period, amount = (np.concatenate(part) for part in zip(*parts, strict=True))
    return end, period, amount


def _flows(model: Model, x: Floats) -> tuple[pd.DataFrame, Ints]:
    """Return the flows frame: group flows split among the members of both ends."""
    network = model.candidates.network
    periods = len(network.places.share)
    block, place, quantity = _positive(model, x, "flow")
    if not len(place):
        return pd.DataFrame({name: [] for name in (*FLOW_COLUMNS, *FLOW_ENDS)}), np.empty(0, np.int64)
    arc, period, column = block.key["arc"][place], block.key["period"][place], block.start + place
    kept = arrivals(model.candidates, block)[place]
    end, when, amount = _members(model, x, network.outlets, "give", "draw")
    left = split(
        network.arcs.outlet[arc] * periods + period, quantity, network.outlets.group[end] * periods + when, amount
    )
    arc, period, column = arc[left.exchange], period[left.exchange], column[left.exchange]
    kept = kept[left.exchange]
    outlet = end[left.member]
    key = network.arcs.inlet[arc] * periods + period
    end, when, amount = _members(model, x, network.inlets, "take", "put")
    # nobody decides what is disposed of: the one member of a disposal takes whatever comes
    gone = np.flatnonzero(network.inlets.kind == EndKind.DISPOSAL)
    end = np.concatenate([end, np.repeat(gone, periods)])
    when = np.concatenate([when, np.tile(np.arange(periods), len(gone))])
    amount = np.concatenate([amount, np.ones(len(gone) * periods)])
    arrived = left.amount * kept
    right = split(key, arrived, network.inlets.group[end] * periods + when, amount)
    lost = np.flatnonzero(arrived <= 0)  # all of it is lost on the way: it still leaves
    piece = np.concatenate([right.exchange, lost])
    inlet = np.concatenate([end[right.member], network.sinks.first[network.arcs.inlet[arc[lost]]]])
    came = np.concatenate([right.amount, np.zeros(len(lost))])
    with np.errstate(divide="ignore", invalid="ignore"):
        went = np.where(kept[piece] > 0, came / kept[piece], left.amount[piece])
    ends = (outlet[piece], inlet)
    order = np.lexsort((ends[1], ends[0], period[piece], arc[piece]))
    frame = _flow_frame(network, arc[piece], period[piece], (went, came), ends)
    return frame.iloc[order].reset_index(drop=True), column[piece][order]


def _flow_frame(
    network: Network, arc: Ints, period: Ints, amounts: tuple[Floats, Floats], ends: tuple[Ints, Ints]
) -> pd.DataFrame:
    """Return the frame of flows with ids in place of indices."""
    places, link = network.places, network.arcs.link[arc]
    modes = np.append(network.links.mode, "")
    outlet_kind, outlet_id = names_of(network, network.outlets, ends[0])
    inlet_kind, inlet_id = names_of(network, network.inlets, ends[1])
    return pd.DataFrame(
        {
            "from_site": places.sites[network.sources.site[network.arcs.outlet[arc]]],
            "to_site": places.sites[network.sinks.site[network.arcs.inlet[arc]]],
            "commodity": places.commodities[network.sources.commodity[network.arcs.outlet[arc]]],
            "mode": np.where(link == WITHIN, "", modes[link]),
            "period": places.periods[period],
            "quantity": amounts[0],
            "arrived": amounts[1],
            "outlet_kind": outlet_kind,
            "outlet_id": outlet_id,
            "inlet_kind": inlet_kind,
            "inlet_id": inlet_id,
        }
    )


def names_of(network: Network, ends: Ends, which: Ints) -> tuple[Texts, Texts]:
    """Return kind and id of some ends, as named in the plan document."""
    kind, ref = ends.kind[which], ends.ref[which]
    kinds, ids = np.empty(len(which), object), np.empty(len(which), object)
    tables = {EndKind.OFFER: "offers", EndKind.STORE: "stores", EndKind.MARKET: "markets", EndKind.NEED: "needs"}
    for end, table in tables.items():
        hit = kind == end
        kinds[hit] = table.removesuffix("s")
        ids[hit] = network.dataset[table][own_column(table)].to_numpy(object)[ref[hit]]
    hit = kind == EndKind.UNIT
    kinds[hit] = np.where(network.units.is_build[ref[hit]], "build", "facility")
    ids[hit] = network.units.ids[ref[hit]]
    hit = kind == EndKind.DISPOSAL
    kinds[hit], ids[hit] = "disposal", ""
    return kinds, ids


def _builds(model: Model, x: Floats) -> pd.DataFrame:
    """Return the builds frame: steps of scale that are built or have positive capacity."""
    network = model.candidates.network
    places, steps = network.places, network.units.steps
    size, built = model.column("size"), model.column("built")
    capacity, chosen = np.zeros(len(steps.unit)), np.zeros(len(steps.unit))
    capacity[size.key["step"]] = x[size.span]
    chosen[built.key["step"]] = x[built.span]
    step = np.flatnonzero((capacity > 0) | (chosen > 0.5))
    unit = steps.unit[step]
    capex = np.where(chosen[step] > 0.5, steps.fixed[step], 0.0) + steps.unit_cost[step] * capacity[step]
    columns = (
        places.processes[network.units.process[unit]],
        places.sites[network.units.site[unit]],
        steps.size[step],
        capacity[step],
        capex,
        capex * steps.annuity[step],
    )
    return pd.DataFrame(dict(zip(BUILD_COLUMNS, columns, strict=True)))


@dataclass(frozen=True, slots=True)
class Pieces:
    """Hold pieces of exchanges, shape (n,), each of one member, in the unit in which both sides were laid out."""

    exchange: Ints
    member: Ints
    amount: Floats


def split(exchange_key: Ints, exchange: Floats, member_key: Ints, member: Floats) -> Pieces:
    """Split the exchanges of each group among its members by the north-west corner rule.

    Keys are the group (and period) of each exchange and each member. Amounts of one key sum to the same on both sides
    but for noise, and members are stretched to the exchanges' sum. Pieces are in the order of keys, exchanges and
    members.
    """
    left, right = np.flatnonzero(exchange > 0), np.flatnonzero(member > 0)
    keys = np.intersect1d(exchange_key[left], member_key[right])
    left = left[np.isin(exchange_key[left], keys)]
    right = right[np.isin(member_key[right], keys)]
    if not len(keys):
        return Pieces(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    left = left[np.argsort(exchange_key[left], kind="stable")]
    right = right[np.argsort(member_key[right], kind="stable")]
    at_left, at_right = np.searchsorted(keys, exchange_key[left]), np.searchsorted(keys, member_key[right])
    total = np.bincount(at_left, weights=exchange[left], minlength=len(keys))
    given = np.bincount(at_right, weights=member[right], minlength=len(keys))
    # one unit of the axis for each key: parts of the total, so that keys of all sizes are cut equally well
    cut_left = at_left + _ends(at_left, exchange[left] / total[at_left])
    cut_right = at_right + _ends(at_right, member[right] / given[at_right])
    cuts = np.unique(np.concatenate([cut_left, cut_right]))
    start = np.concatenate([[0.0], cuts[:-1]])
    length, middle = cuts - start, (cuts + start) / 2
    real = length > SMALL
    one, other = np.searchsorted(cut_left, middle[real]), np.searchsorted(cut_right, middle[real])
    share = length[real]
    # an exchange, or a member, that is small beside its group is no noise: it has a piece of its own
    lost_left, lost_right = np.setdiff1d(np.arange(len(left)), one), np.setdiff1d(np.arange(len(right)), other)
    one = np.concatenate([one, lost_left, _beside(cut_left, at_left, (cut_right, at_right), lost_right)])
    other = np.concatenate([other, _beside(cut_right, at_right, (cut_left, at_left), lost_left), lost_right])
    parts = exchange[left] / total[at_left], member[right] / given[at_right]
    share = np.concatenate([share, parts[0][lost_left], parts[1][lost_right]])
    order = np.lexsort((other, one))
    one, other, share = one[order], other[order], share[order]
    # what was dropped as noise goes back to the pieces of the same exchange
    whole = np.bincount(one, weights=share, minlength=len(left))
    amount = exchange[left][one] * share / whole[one]
    return Pieces(left[one], right[other], amount)


def _beside(cut: Floats, at: Ints, own: tuple[Floats, Ints], lost: Ints) -> Ints:
    """Return the index of the piece of the same key at which each dropped item of the other side ends."""
    ends, key = own[0][lost], own[1][lost]
    first, last = np.searchsorted(at, key), np.searchsorted(at, key, side="right") - 1
    return np.clip(np.searchsorted(cut, ends), first, last)


def _ends(key: Ints, part: Floats) -> Floats:
    """Return the running sum of fractions within each key, the last of each exactly 1."""
    running = np.cumsum(part)
    first = np.flatnonzero(np.diff(key, prepend=-1))
    before = np.concatenate([[0.0], running[first[1:] - 1]]) if len(first) else np.empty(0)
    within = running - np.repeat(before, np.diff(np.append(first, len(key))))
    last = np.append(first[1:] - 1, len(key) - 1)
    within[last] = 1.0
    ends: Floats = np.minimum(within, 1.0)
    return ends


def integers_of(model: Model, decisions: Decisions) -> Floats:
    """Return the values of the integer columns for given decisions; the inverse of `decode` for them.

    Shape (columns,): 0 or 1, and 0 for all columns that are not integer. The model may differ from that of the
    decisions in amounts and prices; decisions without a column in it are left out.
    """
    network, whole = model.candidates.network, np.zeros(len(model.cost))
    places, units = network.places, network.units
    built, opened, on, partner = (model.column(name) for name in ("built", "open", "on", "partner"))
    if len(built):
        builds, step = decisions.builds, built.key["step"]
        name = builds["process"].astype(object) + "@" + builds["site"].astype(object)
        size = builds["size"] if "size" in builds else np.full(len(builds), "")
        whole[built.span] = among((units.ids[units.steps.unit[step]], units.steps.size[step]), (name, size))
    if len(opened):
        chosen = [decisions.links[name] for name in LINK_COLUMNS[:4]]
        whole[opened.span] = among(link_key(network, opened.key["link"]), chosen)
    if len(on):
        runs = decisions.runs[decisions.runs["activity"] > 0]
        known = (units.ids[on.key["unit"]], places.periods[on.key["period"]])
        whole[on.span] = among(known, (runs["id"], runs["period"]))
    if len(partner):
        owner = pd.Series(np.append(places.enterprises, "")[places.owner], index=places.sites)
        ends = [decisions.flows[name].astype(object).map(owner).to_numpy(object) for name in ("from_site", "to_site")]
        pair = [places.enterprises[partner.key[name]] for name in ("one", "other")]
        whole[partner.span] = among(pair, (np.concatenate(ends), np.concatenate(ends[::-1])))
    return whole


def among(known: Sequence[Ids], wanted: Sequence[Ids]) -> Bools:
    """Return a mask of the tuples of texts that occur among the wanted ones."""
    keys = [pd.MultiIndex.from_arrays([np.asarray(part, dtype=object) for part in side]) for side in (known, wanted)]
    return np.asarray(keys[0].isin(keys[1]))
