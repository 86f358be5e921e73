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

from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Ids
from synergy.model.build import Model
from synergy.model.scaling import noiseless
from synergy.network.ends import EndKind, Ends
from synergy.network.network import Network
from synergy.network.places import Bools, Floats, Ints, Texts
from synergy.plan import BUILD_COLUMNS, FLOW_COLUMNS, FLOW_ENDS, LEVEL_COLUMNS, LINK_COLUMNS, RUN_COLUMNS, Decisions

SMALL = 1e-9  # parts of a group's total that are noise


def decode(model: Model, x: Floats) -> tuple[Decisions, Ints]:
    """Decode column values into decisions; also return the column behind each row of the flows frame.

    `x`, shape (columns,), is in the model's units; integer columns are whole numbers.
    """
    x, network = noiseless(model, x), model.candidates.network
    places, units, links, steps = network.places, network.units, network.links, network.units.steps
    flows, column = _flows(model, x)
    run, level, opened = (model.columns[name] for name in ("run", "level", "open"))
    place = np.flatnonzero(x[run.span] > 0)
    unit, period = run.key["unit"][place], places.periods[run.key["period"][place]]
    kind = np.where(units.is_build[unit], "build", "facility")
    runs = (kind, units.ids[unit], period, x[run.start + place])
    place = np.flatnonzero(x[level.span] > 0)
    store = network.dataset["stores"]["store"].to_numpy(object)[level.key["store"][place]]
    levels = (store, places.periods[level.key["period"][place]], x[level.start + place])
    link = opened.key["link"][x[opened.span] > 0]
    ways = (*link_key(network, link), links.km[link], links.capex[link], links.annual[link])
    # steps of scale that are built or have positive capacity
    capacity, chosen = np.zeros(len(steps.unit)), np.zeros(len(steps.unit))
    for name, amount in (("size", capacity), ("built", chosen)):
        amount[model.columns[name].key["step"]] = x[model.columns[name].span]
    step = np.flatnonzero((capacity > 0) | (chosen > 0.5))
    unit, capacity = steps.unit[step], capacity[step]
    capex = np.where(chosen[step] > 0.5, steps.fixed[step], 0.0) + steps.unit_cost[step] * capacity
    process, site = places.processes[units.process[unit]], places.sites[units.site[unit]]
    builds = (process, site, steps.size[step], capacity, capex, capex * steps.annuity[step])
    decisions = Decisions(
        flows=flows,
        runs=pd.DataFrame(dict(zip(RUN_COLUMNS, runs, strict=True))),
        levels=pd.DataFrame(dict(zip(LEVEL_COLUMNS, levels, strict=True))),
        builds=pd.DataFrame(dict(zip(BUILD_COLUMNS, builds, strict=True))),
        links=pd.DataFrame(dict(zip(LINK_COLUMNS, ways, strict=True))),
    )
    return decisions, column


def link_key(network: Network, link: Ints) -> tuple[Texts, Texts, Texts, Texts]:
    """Return from_site, to_site, commodity and mode of some links."""
    places, links = network.places, network.links
    ends = places.sites[links.origin[link]], places.sites[links.target[link]]
    return (*ends, places.commodities[links.commodity[link]], links.mode[link])


def _members(model: Model, x: Floats, side: str) -> tuple[Ints, Ints, Floats]:
    """Return end, period and amount of everything that group members of one side, outlets or inlets, supply or take."""
    run, network, given = model.columns["run"], model.candidates.network, side == "outlets"
    ends, periods = network.outlets if given else network.inlets, len(network.places.share)
    activity = np.zeros((len(network.units.ids), periods))
    activity[run.key["unit"], run.key["period"]] = x[run.span]
    unit = np.flatnonzero(ends.kind == EndKind.UNIT)
    row, when = np.nonzero(activity[ends.ref[unit]] > 0)
    parts = [(unit[row], when, activity[ends.ref[unit[row]], when] * ends.coefficient[unit[row]])]
    for block in (model.columns[name] for name in (("give", "draw") if given else ("take", "put"))):
        place = np.flatnonzero(x[block.span] > 0)
        parts.append((block.key["end"][place], block.key["period"][place], x[block.start + place]))
    # nobody decides what is disposed of: the one member of a disposal takes whatever comes
    gone = np.flatnonzero(ends.kind == EndKind.DISPOSAL)
    parts.append((np.repeat(gone, periods), np.tile(np.arange(periods), len(gone)), np.ones(len(gone) * periods)))
    end, period, amount = (np.concatenate(part) for part in zip(*parts, strict=True))
    return end, period, amount


def _flows(model: Model, x: Floats) -> tuple[pd.DataFrame, Ints]:
    """Return the flows frame: group flows split among the members of both ends."""
    network = model.candidates.network
    periods = len(network.places.share)
    block = model.columns["flow"]
    place = np.flatnonzero(x[block.span] > 0)
    if not len(place):
        return pd.DataFrame({name: [] for name in (*FLOW_COLUMNS, *FLOW_ENDS)}), np.empty(0, np.int64)
    arc, period, column = block.key["arc"][place], block.key["period"][place], block.start + place
    end, when, amount = _members(model, x, "outlets")
    key = network.arcs.outlet[arc] * periods + period
    left = split(key, x[column], network.outlets.group[end] * periods + when, amount)
    arc, period, column = arc[left.exchange], period[left.exchange], column[left.exchange]
    kept, outlet = model.candidates.kept[arc], end[left.member]
    key = network.arcs.inlet[arc] * periods + period
    end, when, amount = _members(model, x, "inlets")
    arrived = left.amount * kept
    right = split(key, arrived, network.inlets.group[end] * periods + when, amount)
    lost = np.flatnonzero(arrived <= 0)  # all of it is lost on the way: it still leaves
    piece = np.concatenate([right.exchange, lost])
    inlet = np.concatenate([end[right.member], network.sinks.first[network.arcs.inlet[arc[lost]]]])
    came = np.concatenate([right.amount, np.zeros(len(lost))])
    with np.errstate(divide="ignore", invalid="ignore"):
        went = np.where(kept[piece] > 0, came / kept[piece], left.amount[piece])
    outlet, arc, period = outlet[piece], arc[piece], period[piece]
    order = np.lexsort((inlet, outlet, period, arc))
    outlet, inlet, arc, period = outlet[order], inlet[order], arc[order], period[order]
    # ids in place of indices
    places, arcs = network.places, network.arcs
    link, source, sink = arcs.link[arc], arcs.outlet[arc], arcs.inlet[arc]
    from_site, to_site = places.sites[network.sources.site[source]], places.sites[network.sinks.site[sink]]
    good = places.commodities[network.sources.commodity[source]]
    mode = np.append(network.links.mode, "")[link]  # "" inside a site
    way = (from_site, to_site, good, mode, places.periods[period], went[order], came[order])
    ends = (*names_of(network, network.outlets, outlet), *names_of(network, network.inlets, inlet))
    frame = pd.DataFrame(dict(zip((*FLOW_COLUMNS, *FLOW_ENDS), (*way, *ends), strict=True)))
    return frame, column[piece][order]


def names_of(network: Network, ends: Ends, which: Ints) -> tuple[Texts, Texts]:
    """Return kind and id of some ends, as named in the plan document."""
    kind, ref = ends.kind[which], ends.ref[which]
    kinds, ids = np.empty(len(which), object), np.empty(len(which), object)
    tables = {EndKind.OFFER: "offers", EndKind.STORE: "stores", EndKind.MARKET: "markets", EndKind.NEED: "needs"}
    for end, table in tables.items():
        hit = kind == end
        kinds[hit] = table.removesuffix("s")
        ids[hit] = network.dataset[table][TABLES[table].key[0]].to_numpy(object)[ref[hit]]
    hit = kind == EndKind.UNIT
    kinds[hit] = np.where(network.units.is_build[ref[hit]], "build", "facility")
    ids[hit] = network.units.ids[ref[hit]]
    hit = kind == EndKind.DISPOSAL
    kinds[hit], ids[hit] = "disposal", ""
    return kinds, ids


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
    keys = np.intersect1d(exchange_key[exchange > 0], member_key[member > 0])
    if not len(keys):
        return Pieces(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    left, key, part, cut = _laid_out(keys, exchange_key, exchange)
    right, other_key, other_part, other_cut = _laid_out(keys, member_key, member)
    cuts = np.unique(np.concatenate([cut, other_cut]))
    start = np.concatenate([[0.0], cuts[:-1]])
    length, middle = cuts - start, (cuts + start) / 2
    real = length > SMALL
    one, other = np.searchsorted(cut, middle[real]), np.searchsorted(other_cut, middle[real])
    # an exchange, or a member, that is small beside its group is no noise: it has a piece of its own, beside the piece
    # of the same key at which it ends
    lost, other_lost = np.setdiff1d(np.arange(len(left)), one), np.setdiff1d(np.arange(len(right)), other)
    beside, other_beside = (
        np.clip(np.searchsorted(ends, own), np.searchsorted(at, mine), np.searchsorted(at, mine, side="right") - 1)
        for ends, at, own, mine in (
            (cut, key, other_cut[other_lost], other_key[other_lost]),
            (other_cut, other_key, cut[lost], key[lost]),
        )
    )
    one, other = np.concatenate([one, lost, beside]), np.concatenate([other, other_beside, other_lost])
    share = np.concatenate([length[real], part[lost], other_part[other_lost]])
    order = np.lexsort((other, one))
    one, other, share = one[order], other[order], share[order]
    # what was dropped as noise goes back to the pieces of the same exchange
    whole = np.bincount(one, weights=share, minlength=len(left))
    return Pieces(left[one], right[other], exchange[left][one] * share / whole[one])


def _laid_out(keys: Ints, key: Ints, amount: Floats) -> tuple[Ints, Ints, Floats, Floats]:
    """Lay positive amounts side by side, one unit of the axis for each of the keys, and return where they end.

    Besides the ends, which are last, the positions of the amounts in their order on the axis, the index of the key of
    each and its part of the sum of the key: parts, so that keys of all sizes are cut equally well.
    """
    place = np.flatnonzero((amount > 0) & np.isin(key, keys))
    place = place[np.argsort(key[place], kind="stable")]
    at = np.searchsorted(keys, key[place])
    part: Floats = amount[place] / np.bincount(at, weights=amount[place], minlength=len(keys))[at]
    running, first = np.cumsum(part), np.flatnonzero(np.diff(at, prepend=-1))
    before = np.concatenate([[0.0], running[first[1:] - 1]])
    within = running - np.repeat(before, np.diff(np.append(first, len(at))))
    within[np.append(first[1:] - 1, len(at) - 1)] = 1.0  # the last of each key, exactly
    return place, at, part, at + np.minimum(within, 1.0)


def integers_of(model: Model, decisions: Decisions) -> Floats:
    """Return the values of the integer columns for given decisions; the inverse of `decode` for them.

    Shape (columns,): 0 or 1, and 0 for all columns that are not integer. The model may differ from that of the
    decisions in amounts and prices; decisions without a column in it are left out.
    """
    network, whole = model.candidates.network, np.zeros(len(model.cost))
    places, units = network.places, network.units
    built, opened, on, partner = (model.columns[name] for name in ("built", "open", "on", "partner"))
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
