"""Network: all potential exchanges of a dataset, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

from synergy.dataset.sheet import Dataset
from synergy.network.ends import Ends, Groups, inlets_of, outlets_of
from synergy.network.links import Arcs, Links, Remote, arcs_of, links_of
from synergy.network.places import Places, places_of
from synergy.network.units import Qualities, Units, qualities_of, units_of


@dataclass(frozen=True, slots=True)
class Network:
    """A dataset as arrays: supply nodes, demand nodes, units, links and arcs.

    Prices and names are looked up in `dataset`. `outlets` and `inlets` are the members of the groups `sources` and
    `sinks`.
    """

    dataset: Dataset
    places: Places
    units: Units
    qualities: Qualities
    outlets: Ends
    inlets: Ends
    sources: Groups
    sinks: Groups
    links: Links
    remote: Remote
    arcs: Arcs


def network_of(dataset: Dataset) -> Network:
    """Build the network of a checked dataset, with all arcs that links and the rules of the contract allow."""
    places = places_of(dataset)
    units = units_of(dataset, places)
    qualities = qualities_of(dataset)
    outlets, sources = outlets_of(dataset, places, units, qualities)
    inlets, sinks = inlets_of(dataset, places, units, qualities)
    links, remote = links_of(dataset, places, sources, sinks)
    arcs = arcs_of(sources, sinks, links)
    return Network(
        dataset=dataset,
        places=places,
        units=units,
        qualities=qualities,
        outlets=outlets,
        inlets=inlets,
        sources=sources,
        sinks=sinks,
        links=links,
        remote=remote,
        arcs=arcs,
    )
