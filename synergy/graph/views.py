"""Product graph and partnership graph of a dataset or plan as networkx graphs, and GraphML files of them."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import networkx as nx
import numpy as np

from synergy.dataset.sheet import Dataset
from synergy.network.network import between_enterprises, network_of
from synergy.plan import Plan


def product_graph(dataset: Dataset) -> nx.DiGraph[str]:
    """Return the product graph: commodities and processes as nodes, recipes as arcs from input to output.

    Returns
    -------
    networkx.DiGraph
        Nodes ``commodity:<id>`` and ``process:<id>`` with attribute `kind`; arcs with `coefficient` (units per
        activity, > 0).
    """
    recipes = dataset["recipes"]
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from((f"commodity:{name}", {"kind": "commodity"}) for name in dataset["commodities"]["commodity"])
    graph.add_nodes_from((f"process:{name}", {"kind": "process"}) for name in dataset["processes"]["process"])
    rows = zip(recipes["process"], recipes["commodity"], recipes["coefficient"], strict=True)
    for process, commodity, coefficient in rows:
        ends = (f"commodity:{commodity}", f"process:{process}")
        if coefficient > 0:
            ends = ends[::-1]
        graph.add_edge(*ends, coefficient=abs(float(coefficient)))
    return graph


def possible_partnerships(dataset: Dataset) -> nx.MultiDiGraph[str]:
    """Return the graph of possible partnerships: enterprises as nodes, an arc per exchangeable commodity.

    Returns
    -------
    networkx.MultiDiGraph
        Arcs keyed by commodity, with the shortest `km` of a link (NaN where it is unknown).
    """
    network = network_of(dataset)
    places, arcs, links = network.places, network.arcs, network.links
    origin, target = network.sources.site[arcs.outlet], network.sinks.site[arcs.inlet]
    deal = between_enterprises(places, origin, target)
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from(str(name) for name in places.enterprises)
    commodity = network.sources.commodity[arcs.outlet]
    table = np.stack([places.owner[origin[deal]], places.owner[target[deal]], commodity[deal]])
    keys, row = np.unique(table, axis=1, return_inverse=True)
    shortest = np.full(keys.shape[1], np.inf)
    np.fmin.at(shortest, np.asarray(row).ravel(), np.append(links.km, np.nan)[arcs.link[deal]])
    names = (places.enterprises[keys[0]], places.enterprises[keys[1]], places.commodities[keys[2]])
    for giver, taker, good, km in zip(*names, shortest.tolist(), strict=True):
        graph.add_edge(str(giver), str(taker), key=str(good), commodity=str(good), km=km)
    return graph


def partnership_graph(dataset: Dataset, plan: Plan) -> nx.MultiDiGraph[str]:
    """Return the partnership graph of a plan: enterprises as nodes, an arc per commodity delivered.

    Returns
    -------
    networkx.MultiDiGraph
        Arcs keyed by commodity, with the `quantity` that leaves in a year.
    """
    owner = dataset["sites"].set_index("site")["enterprise"].astype(object)
    flows = plan.decisions.flows
    frame = flows[["commodity", "quantity"]].assign(
        giver=flows["from_site"].map(owner), taker=flows["to_site"].map(owner)
    )
    frame = frame[(frame["giver"] != frame["taker"]) & (frame["giver"] != "") & (frame["taker"] != "")]
    sums = frame.groupby(["giver", "taker", "commodity"], sort=True)["quantity"].sum()
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from(str(name) for name in dataset["enterprises"]["enterprise"])
    rows = sums.reset_index()
    for giver, taker, good, quantity in zip(*(rows[name].tolist() for name in rows), strict=True):
        graph.add_edge(str(giver), str(taker), key=str(good), commodity=str(good), quantity=float(quantity))
    return graph


def write_graphml(graph: nx.Graph[str], path: str | Path | BinaryIO) -> None:
    """Write a graph as GraphML, with ids of its edges that are unique, as its readers want them."""
    if isinstance(graph, nx.MultiDiGraph):
        edges = [(*ends, number, data) for number, (*ends, data) in enumerate(graph.edges(data=True), start=1)]
        graph = nx.create_empty_copy(graph)
        graph.add_edges_from(edges)
    nx.write_graphml(graph, path, encoding="utf-8")
