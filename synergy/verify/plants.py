"""Plants: what units may run, what builds may be, what links may carry, what stores may hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synergy.accounts.facts import step_facts
from synergy.accounts.keys import MISSING, Floats, Texts, find, take_text, texts
from synergy.accounts.links import link_facts
from synergy.dataset.dataset import Dataset
from synergy.verify.findings import Book, Rows
from synergy.verify.trade import amounts, looked_up, totals
from synergy.verify.view import LINK_KEY, View


def availability(dataset: Dataset, holders: tuple[Texts, ...], period: Texts) -> Floats:
    """Return the product of the factors of several holders (arrays of ids) in some periods."""
    table = dataset["availability"]
    factor = pd.Series(
        table["factor"].to_numpy(float),
        index=pd.MultiIndex.from_arrays([texts(table["holder"]), texts(table["period"])]),
    )
    product = np.ones(len(period))
    for holder in holders:
        index = pd.MultiIndex.from_arrays([texts(holder), texts(period)])
        if len(factor):
            product = product * factor.reindex(index).fillna(1.0).to_numpy(float)
    return product


def _could(view: View, process: Texts, site: Texts, names: tuple[Texts, Texts]) -> Floats:
    """Return share x availability of some units (ids of process and site) in some periods."""
    dataset = view.dataset
    facility, period = names
    share = dataset.shares[find([period], [dataset["periods"]["period"]])]
    owner = take_text(dataset["sites"]["enterprise"], find([site], [dataset["sites"]["site"]]))
    return np.asarray(share * availability(dataset, (facility, process, owner), period))


def check_facilities(book: Book, view: View) -> None:
    """Facilities run within their capacity, off or at their least load, and those that must run do."""
    dataset, runs = view.dataset, view.decisions.runs
    table, periods = dataset["facilities"], texts(dataset["periods"]["period"])
    row = np.repeat(np.arange(len(table)), len(periods))
    facility, period = texts(table["facility"])[row], np.tile(periods, len(table))
    hit = texts(runs["kind"]) == "facility"
    sums = totals(
        {"id": texts(runs["id"])[hit], "period": texts(runs["period"])[hit]}, runs["activity"].to_numpy(float)[hit]
    )
    run = looked_up(sums, {"id": facility, "period": period})
    process, site = texts(table["process"])[row], texts(table["site"])[row]
    most = table["capacity"].to_numpy(float)[row] * _could(view, process, site, (facility, period))
    least = most * table["min_load"].to_numpy(float)[row]
    on = (run > 1e-9 * most) | table["must_run"].to_numpy(bool)[row]
    names = (facility + " " + period).tolist()
    book.at_most("run", Rows(run, most, run, most, names.__getitem__))
    held = [name for name, flag in zip(names, on, strict=True) if flag]
    book.at_least("load", Rows(run[on], least[on], run[on], most[on], held.__getitem__))


def check_builds(book: Book, view: View) -> None:
    """New units run within what is built, and builds lie within their step of scale."""
    runs, builds = view.decisions.runs, view.decisions.builds
    ids = texts(builds["process"]) + "@" + texts(builds["site"])
    hit = texts(runs["kind"]) == "build"
    name, period = texts(runs["id"])[hit], texts(runs["period"])[hit]
    place = find([name], [ids])
    process = take_text(builds["process"], place)
    site = take_text(builds["site"], place)
    capacity = np.where(place == MISSING, 0.0, builds["capacity"].to_numpy(float)[place] if len(builds) else 0.0)
    most = capacity * _could(view, process, site, (np.full(len(name), ""), period)) if len(name) else capacity
    run = runs["activity"].to_numpy(float)[hit]
    names = (name + " " + period).tolist()
    book.at_most("run", Rows(run, most, run, run, names.__getitem__))
    steps = step_facts(view.dataset, builds["process"], builds["site"], builds["size"])
    size = builds["capacity"].to_numpy(float)
    book.at_most("size", Rows(size, steps.most, size, size, ids.tolist().__getitem__))
    book.at_least("size", Rows(size, steps.least, size, size, ids.tolist().__getitem__))


def check_capacities(book: Book, view: View) -> None:
    """Links carry no more than they can, and those that cost capex are opened first."""
    flows, opened, facts = view.decisions.flows, view.decisions.links, view.facts
    moving = view.moves
    priced = moving & (facts.capex > 0)
    keys = [texts(flows[name]) for name in LINK_KEY]
    there = find(keys, [texts(opened[name]) for name in LINK_KEY])
    book.flag("link", priced & (there == MISSING), view.flow_name, "the link that carries it is not opened")
    hit = moving & np.isfinite(facts.capacity)
    period = texts(flows["period"])
    key = {name: part[hit] for name, part in zip(LINK_KEY, keys, strict=True)} | {"period": period[hit]}
    sums = totals(key, view.quantity[hit])
    if not len(sums):
        return
    levels = [sums.index.get_level_values(name) for name in LINK_KEY]
    share = view.dataset.shares[find([sums.index.get_level_values("period")], [view.dataset["periods"]["period"]])]
    most = link_facts(view.dataset, *levels).capacity * share
    left = amounts(sums)
    names = [" ".join(map(str, index)) for index in sums.index]
    book.at_most("link", Rows(left, most, left, left, names.__getitem__))


def check_stores(book: Book, view: View) -> None:
    """A store holds what it held, less losses, plus what came, less what left; the year closes on itself."""
    stores, periods = view.dataset["stores"], texts(view.dataset["periods"]["period"])
    if not len(stores):
        return
    row = np.repeat(np.arange(len(stores)), len(periods))
    store, period = texts(stores["store"])[row], np.tile(periods, len(stores))
    keys = {"store": store, "period": period}
    levels = view.decisions.levels
    held = totals({"store": texts(levels["store"]), "period": texts(levels["period"])}, levels["level"].to_numpy(float))
    level = looked_up(held, keys)
    time = texts(view.decisions.flows["period"])
    out, into = view.outlets.kind == "store", view.inlets.kind == "store"
    drawn = looked_up(totals({"store": view.outlets.id[out], "period": time[out]}, view.quantity[out]), keys)
    put = looked_up(totals({"store": view.inlets.id[into], "period": time[into]}, view.arrived[into]), keys)
    before = np.roll(level.reshape(len(stores), -1), 1, axis=1).ravel()
    kept = (1.0 - stores["loss"].to_numpy(float)[row]) * before
    size = np.abs(level) + np.abs(put) + np.abs(drawn) + np.abs(kept)
    names = (store + " " + period).tolist()
    capacity = stores["capacity"].to_numpy(float)[row]
    book.equal("store", Rows(level, kept + put - drawn, size, capacity, names.__getitem__))
    book.at_most("level", Rows(level, capacity, level, capacity, names.__getitem__))
    book.at_most("withdrawal", Rows(drawn, kept, drawn, capacity, names.__getitem__))
