"""Graphs of stored datasets and of the plans of rounds, for programs: models, GraphML files and operations."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Literal

import networkx as nx
from pydantic import Field
from synergy.web.api.spec import GRAPHML, Call, HandlerResult, gives, serves

from synergy.graph.views import partnership_graph, product_graph, write_graphml
from synergy.records.figures import Record, example
from synergy.records.files import plan_from_record
from synergy.store import queries
from synergy.store.access import Action, Caller
from synergy.store.datasets import dataset_archive, dataset_of
from synergy.store.messages import refusal


class NodeLink(Record):
    """A graph as `networkx.node_link_graph(graph, edges="edges")` reads it; `graph` holds its own attributes."""

    directed: bool
    multigraph: bool
    graph: dict[str, str]


class ProductNode(Record):
    """A commodity or a process."""

    id: str = Field(description="`commodity:ID` or `process:ID`.")
    kind: Literal["commodity", "process"]


class ProductEdge(Record):
    """A recipe: a commodity goes into a process, or comes out of it."""

    source: str
    target: str
    coefficient: float = Field(description="Units of the commodity for each unit of the activity.")


class ProductGraph(NodeLink):
    """Commodities and processes of a dataset, with edges from inputs to processes and on to outputs."""

    model_config = example(
        {
            "directed": True,
            "multigraph": False,
            "graph": {},
            "nodes": [{"kind": "commodity", "id": "commodity:COAL"}, {"kind": "process", "id": "process:COKING"}],
            "edges": [{"coefficient": 1.35, "source": "commodity:COAL", "target": "process:COKING"}],
        }
    )
    nodes: list[ProductNode]
    edges: list[ProductEdge]


class EnterpriseNode(Record):
    """An enterprise."""

    id: str


class PartnershipEdge(Record):
    """Deliveries of a commodity from one enterprise to another."""

    source: str
    target: str
    key: str = Field(description="The commodity, which tells edges between the same two apart.")
    commodity: str
    quantity: float = Field(description="Units of the commodity that leave in a year.")


class PartnershipGraph(NodeLink):
    """Enterprises of a round, with an edge for each commodity that one delivers to another by the plan."""

    model_config = example(
        {
            "directed": True,
            "multigraph": True,
            "graph": {},
            "nodes": [{"id": "EAST"}, {"id": "GLASS"}],
            "edges": [{"commodity": "COG", "quantity": 50000.0, "source": "EAST", "target": "GLASS", "key": "COG"}],
        }
    )
    nodes: list[EnterpriseNode]
    edges: list[PartnershipEdge]


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


def graphml(graph: nx.Graph[str]) -> bytes:
    """Return a graph as a GraphML file."""
    made = BytesIO()
    write_graphml(graph, made)
    return made.getvalue()


Said = tuple[str, str]


def serves_graph(
    path: str, model: type[NodeLink], see: Said, take: Said
) -> Callable[[Callable[[Call], nx.Graph[str]]], Callable[[Call], nx.Graph[str]]]:
    """Return a decorator that registers two operations of a graph: node-link JSON of networkx, and a GraphML file.

    `see` and `take` are their summaries. The decorated function returns the graph; its docstring begins that of both.
    """

    def decorated(found: Callable[[Call], nx.Graph[str]]) -> Callable[[Call], nx.Graph[str]]:
        def shown(call: Call) -> HandlerResult:
            return HandlerResult(model.model_validate(nx.node_link_data(found(call), edges="edges")))

        def taken(call: Call) -> HandlerResult:
            return HandlerResult(graphml(found(call)))

        shown.__module__ = taken.__module__ = found.__module__  # its last part is the tag of the operations
        shown.__name__, taken.__name__ = f"see_{found.__name__}", f"see_{found.__name__}_file"
        about = (found.__doc__ or "").removesuffix(".")
        shown.__doc__, taken.__doc__ = f"{about}, in the node-link format of networkx.", f"{about}, in a GraphML file."
        serves(f"GET {path}", Action.SEE_PLANS, see)(gives(model)(shown))
        serves(f"GET {path}.graphml", Action.SEE_PLANS, take)(gives(None, media=GRAPHML)(taken))
        return found

    return decorated
