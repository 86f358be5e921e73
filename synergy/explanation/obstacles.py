"""Obstacles: conditions that make an exchange infeasible, and the dataset change that removes each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synergy.candidates.candidates import ExclusionReason as Code
from synergy.candidates.candidates import quality_rows
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.explanation.facts import PUBLIC, AnswerReason, Fact, Mend, Row
from synergy.explanation.trial import Question, Trial
from synergy.network.ends import BETWEEN, INSIDE, EndKind, Ends, Groups
from synergy.network.network import Network, matches, network_of
from synergy.network.places import Bools, Floats, Ints
from synergy.scenario import Cell

Obstacle = tuple[AnswerReason, Mend | None]
LOT = 1000.0  # units of a hypothetical offer or need where nothing says how much the other end could exchange


def obstacle(trial: Trial, question: Question) -> Obstacle | None:
    """Return the obstacle that makes an exchange infeasible and its remedy, None if there is no obstacle.

    Without a remedy no single change of the dataset is known to help.
    """
    found = (look(trial, question) for look in (_ends, _links, _arcs))
    return next((one for one in found if one is not None), None)


def owner_of(dataset: Dataset, site: str) -> frozenset[str]:
    """Return the enterprise that owns a site, as a set; empty for a public place."""
    sites = dataset["sites"]
    owner = str(sites.loc[sites["site"] == site, "enterprise"].iloc[0])
    return frozenset({owner}) if owner else PUBLIC


def _groups(network: Network, groups: Groups, site: str, good: str, ranks: Bools) -> Ints:
    """Return the groups of a commodity at a site whose class may take part in such an exchange."""
    places = network.places
    here = (places.sites[groups.site] == site) & (places.commodities[groups.commodity] == good)
    return np.flatnonzero(here & ranks[groups.rank])


def _sides(network: Network, question: Question) -> tuple[Ints, Ints]:
    """Return the outlet groups and inlet groups that could be the ends of the exchange."""
    table = INSIDE if question.origin == question.target else BETWEEN
    gives = _groups(network, network.sources, question.origin, question.commodity, np.asarray(table.any(axis=1)))
    takes = _groups(network, network.sinks, question.target, question.commodity, np.asarray(table.any(axis=0)))
    return gives, takes


def _ends(trial: Trial, question: Question) -> Obstacle | None:
    """Return the obstacle of a missing outlet or inlet of the commodity, None if both exist."""
    network, dataset = trial.network, trial.dataset
    gives, takes = _sides(network, question)
    if len(gives) and len(takes):
        return None
    if not dataset.settings.allow_builds:
        free = replace(dataset, settings=replace(dataset.settings, allow_builds=True))
        more = _sides(network_of(free), question)
        if len(more[0]) and len(more[1]):
            return AnswerReason("no_builds"), Mend("no_builds", settings={"allow_builds": True})
    if not len(gives) and not len(takes):
        return AnswerReason("no_ends"), None
    if not len(gives):
        lot = _lot(network.inlets.amount[np.isin(network.inlets.group, takes)])
        row: dict[str, Cell] = {"offer": _fresh(dataset, "offers"), "site": question.origin, "quantity": lot}
        return AnswerReason("no_outlet"), Mend("no_outlet", {"offers": [row | {"commodity": question.commodity}]})
    lot = _lot(network.outlets.amount[np.isin(network.outlets.group, gives)])
    row = {"need": _fresh(dataset, "needs"), "site": question.target, "quantity": lot}
    return AnswerReason("no_inlet"), Mend("no_inlet", {"needs": [row | {"commodity": question.commodity}]})


def _lot(amount: Floats) -> float:
    """Return the yearly amount that some ends could exchange, `LOT` if it is zero or infinite."""
    total = float(amount.sum())
    return total if 0 < total < np.inf else LOT


def _fresh(dataset: Dataset, table: str) -> str:
    """Return an id not yet used in a table."""
    known = set(dataset[table][TABLES[table].key[0]])
    return next(name for count in range(len(known) + 1) if (name := f"what-if-{count}") not in known)


def _links(trial: Trial, question: Question) -> Obstacle | None:
    """Return the obstacle of a missing link: too far, forbidden or without transport; None if none is missing."""
    if question.origin == question.target:
        return None
    network = trial.network
    remote = network.remote
    found, gone = (
        question.among(network.places, pairs) & ((pairs.mode == question.mode) | (question.mode == ""))
        for pairs in (network.links, remote)
    )
    if found.any():
        return None
    banned, far = gone & (remote.code == "forbidden"), gone & (remote.code == "distance")
    if banned.any():
        return _forbidden(trial, question, str(remote.mode[np.flatnonzero(banned)[0]]))
    if far.any():
        least = np.flatnonzero(far)[np.argmin(remote.number[far])]
        return _too_far(trial.dataset, question, str(remote.mode[least]), float(remote.number[least]))
    row: dict[str, Cell] = {**question.keys, "mode": question.mode or "link", "km": 0.0}
    row |= {"cost_per_unit": 0.0, "loss": 0.0, "fixed_capex": 0.0}
    return AnswerReason("no_link"), Mend("no_link", {"links": [row]})


def _forbidden(trial: Trial, question: Question, mode: str) -> Obstacle:
    """Return the obstacle of a link forbidden by the scenario or a row of links, with its remedy."""
    dataset, places = trial.dataset, trial.network.places
    ends = question.indices(places)
    kept = tuple(one for one in dataset.settings.forbid if not matches(one, places, *ends).any())
    settings = {"forbid": kept} if len(kept) < len(dataset.settings.forbid) else {}
    rows = dataset["links"]
    modes = rows.loc[question.rows(rows) & rows["forbidden"], "mode"]
    lifted: list[Row] = [{**question.keys, "mode": str(mode), "forbidden": False} for mode in modes]
    reason = AnswerReason("forbidden", {"mode": Fact(mode, PUBLIC)})
    return reason, Mend("forbidden", {"links": lifted} if lifted else {}, settings)


def _too_far(dataset: Dataset, question: Question, mode: str, over: float) -> Obstacle:
    """Return the obstacle of a distance beyond the maximum of the mode, with its remedy."""
    rows = dataset["transport"]
    most = float(rows.loc[(rows["mode"] == mode) & (rows["commodity"] == question.commodity), "max_km"].iloc[0])
    facts = {"number": over, "km": most + over, "most": most, "mode": mode}
    row = {"from_site": question.origin, "to_site": question.target, "mode": mode}
    reason = AnswerReason("too_far", {name: Fact(value, PUBLIC) for name, value in facts.items()})
    return reason, Mend("too_far", {"links": [{**row, "commodity": question.commodity, "km": most}]})


def _arcs(trial: Trial, question: Question) -> Obstacle | None:
    """Return the obstacle of a pair without any candidate flow: by kind, quality not stated, no supply or demand."""
    candidates = trial.model.candidates
    arcs = question.arcs(trial.network)
    if not len(arcs):
        return AnswerReason("kinds"), None  # as store to store or market to market
    codes = candidates.reason[arcs][:, question.periods(trial.network)]
    if (codes == Code.CANDIDATE).any():
        return None
    silent = arcs[(codes == Code.QUALITY_UNSTATED).any(axis=1)]
    if len(silent):
        return _unstated(trial, question, int(silent[0]))
    sources, sinks = (np.unique(ends[arcs]) for ends in (trial.network.arcs.outlet, trial.network.arcs.inlet))
    starved = _starved(trial, trial.network.inlets, sinks) and not _starved(trial, trial.network.outlets, sources)
    return AnswerReason("nothing_to_take" if starved else "nothing_to_send"), None


def _starved(trial: Trial, ends: Ends, groups: Ints) -> bool:
    """Return whether the groups have only units, each idle or lacking an input that no source can deliver."""
    network = trial.network
    members = np.flatnonzero(np.isin(ends.group, groups))
    if not (ends.kind[members] == EndKind.UNIT).all():
        return False
    given = np.bincount(
        network.outlets.group, weights=network.outlets.amount.max(axis=1), minlength=len(network.sources.site)
    )
    flows = (given[network.arcs.outlet] > 0).astype(float)
    brought = np.bincount(network.arcs.inlet, weights=flows, minlength=len(network.sinks.site)) > 0
    inputs = network.inlets
    hungry = (inputs.kind == EndKind.UNIT) & ~brought[inputs.group]
    idle = (network.units.capacity[:, None] * network.units.available).max(axis=1) <= 0
    lacking = idle | np.isin(np.arange(len(idle)), inputs.ref[hungry])
    return bool(lacking[ends.ref[members]].all())


def _unstated(trial: Trial, question: Question, arc: int) -> Obstacle:
    """Return the obstacle of a quality that the inlet limits and the outlet does not state, with its remedy."""
    network, dataset = trial.network, trial.dataset
    source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
    rows = quality_rows(network)
    rows = rows[rows["sink"] == sink]
    stated = network.qualities.values[network.sources.signature[source]]
    missing = rows[np.isnan(stated[rows["property"].to_numpy(int)])]
    holder = outlet_holder(network, int(network.sources.first[source]))
    stated_rows: list[Row] = []
    for name, low, high in zip(missing["property"], missing["minimum"], missing["maximum"], strict=True):
        limit = float(low if np.isnan(high) else high)
        quality = str(network.qualities.properties[int(name)])
        stated_rows.append({"holder": holder, "commodity": question.commodity, "property": quality, "value": limit})
    public = network.inlets.kind[network.sinks.first[sink]] == EndKind.UNIT
    told = PUBLIC if public else owner_of(dataset, question.target)
    facts = {"property": Fact(", ".join(str(row["property"]) for row in stated_rows), told)}
    return AnswerReason("quality_unstated", facts), Mend("quality_unstated", {"qualities": stated_rows})


def outlet_holder(network: Network, outlet: int) -> str:
    """Return the id that holds an outlet's qualities in the tables: offer, process, store or market."""
    ends, dataset = network.outlets, network.dataset
    kind, ref = ends.kind[outlet], int(ends.ref[outlet])
    tables = {EndKind.OFFER: "offers", EndKind.STORE: "stores", EndKind.MARKET: "markets"}
    if kind == EndKind.UNIT:
        return str(network.places.processes[network.units.process[ref]])
    table = tables[EndKind(kind)]
    return str(dataset[table][TABLES[table].key[0]].iloc[ref])
