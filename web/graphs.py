"""Graphs of stored datasets and of the plans of rounds, for programs, and GraphML files of them."""

from __future__ import annotations

from io import BytesIO

import networkx as nx

from synergy.graph.views import partnership_graph, product_graph, write_graphml
from synergy.records.files import plan_from_record
from synergy.store import queries
from synergy.store.access import Caller
from synergy.store.backup import dataset_of
from synergy.store.datasets import dataset_archive
from synergy.store.messages import refusal


def products(caller: Caller, dataset: str) -> nx.DiGraph[str]:
    """Return the graph of the commodities and processes of a stored dataset, see `synergy.product_graph`."""
    return product_graph(dataset_of(dataset_archive(*caller, dataset)))


def partnerships(caller: Caller, round_id: int) -> nx.MultiDiGraph[str]:
    """Return the graph of the partnerships of the latest plan of a round, see `synergy.partnership_graph`."""
    given = queries.match_input(*caller, queries.see_plan(*caller, round_id).match)
    if given.record is None:
        raise refusal("not_found", what="match")
    dataset = dataset_of(dataset_archive(*caller, given.snapshot), given.scenario)
    return partnership_graph(dataset, plan_from_record(given.record["plan"]))


def node_link(graph: nx.Graph[str]) -> dict[str, object]:
    """Return a graph as a plain record, which `networkx.node_link_graph(record, edges="edges")` reads."""
    return nx.node_link_data(graph, edges="edges")


def graphml(graph: nx.Graph[str]) -> bytes:
    """Return a graph as a GraphML file."""
    made = BytesIO()
    write_graphml(graph, made)
    return made.getvalue()
