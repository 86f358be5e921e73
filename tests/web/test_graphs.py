"""Graphs of products and partnerships: the ones that Python gives, as JSON, as GraphML, and as files beside pages."""

from __future__ import annotations

import io
import re
from html import unescape

import networkx as nx
import pytest
from api_worlds import Program
from synergy.web.api.graphs import NodeLink, PartnershipGraph, ProductGraph

from synergy.graph.views import partnership_graph, product_graph
from synergy.records.files import plan_from_record
from synergy.store import queries
from synergy.store.datasets import dataset_archive, dataset_of
from synergy.texts import LANGUAGES


def _known(program: Program) -> dict[str, tuple[type[NodeLink], nx.Graph]]:
    """Return models and graphs by address: of the dataset of the round, and of its latest plan."""
    world = program.world
    store, planner = world.store, world.actor("planner")
    made = queries.round_input(store, planner, world.round)
    digest = made.frozen or made.base
    dataset = dataset_of(dataset_archive(store, planner, digest), made.scenario)
    plan = plan_from_record(queries.see_plan(store, planner, world.round).plan)
    return {
        f"/datasets/{digest}/graph": (ProductGraph, product_graph(dataset)),
        f"/rounds/{world.round}/graph": (PartnershipGraph, partnership_graph(dataset, plan)),
    }


def _edges(graph: nx.Graph) -> set[tuple[object, ...]]:
    return {(*ends, *sorted(values.items())) for *ends, values in graph.edges(data=True)}


def _read(data: bytes) -> nx.Graph:
    ids = re.findall(rb'<edge [^>]*id="([^"]*)"', data)
    assert len(ids) == len(set(ids))
    return nx.read_graphml(io.BytesIO(data))


def test_programs_get_the_graphs_that_python_gives(program: Program) -> None:
    for path, (model, graph) in _known(program).items():
        assert graph.number_of_edges() > 3
        told = program.read("planner", path)
        assert model.model_validate(told).document() == told
        assert nx.utils.graphs_equal(nx.node_link_graph(told, edges="edges"), graph)
        answer = program.ask("auditor", "GET", f"{path}.graphml")
        assert answer.mimetype == "application/graphml+xml"
        again = _read(answer.data)
        assert dict(again.nodes(data=True)) == dict(graph.nodes(data=True))
        assert _edges(again) == _edges(graph)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_graphs_are_files_beside_results_and_datasets(program: Program, lang: str) -> None:
    client, found = program.world.client("planner"), {}
    for page in (f"/{lang}/rounds/{program.world.round}/results", f"/{lang}/datasets"):
        links = re.findall(r'<a href="([^"]+\.graphml)">([^<]+)</a>', client.get(page).text)
        found |= {said: client.get(unescape(address)) for address, said in links}
    assert len(found) == 2
    assert all("GraphML" in said for said in found)
    for answer in found.values():
        assert answer.mimetype == "application/graphml+xml"
        assert answer.headers["Content-Disposition"].startswith("attachment")
    told = {frozenset(_edges(_read(answer.data))) for answer in found.values()}
    assert told == {frozenset(_edges(graph)) for _, graph in _known(program).values()}


def test_no_enterprise_gets_a_graph(program: Program) -> None:
    number, (products, _) = program.world.round, _known(program)
    digest = products.split("/")[2]
    for who in ("editor", "reader", "client"):
        for path in _known(program):
            assert {program.ask(who, "GET", path + end).status_code for end in ("", ".graphml")} == {403}
        for path in (f"rounds/{number}/partnerships", f"datasets/{digest}/products"):
            assert program.world.client(who).get(f"/en/{path}.graphml").status_code in (303, 403)
    for path in ("/rounds/999/graph", f"/datasets/{'0' * 64}/graph"):
        assert {program.ask("planner", "GET", path + end).status_code for end in ("", ".graphml")} == {404}
