"""The network as graphs."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest
from roots import TINY

from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import match
from synergy.graph.views import partnership_graph, possible_partnerships, product_graph, write_graphml
from synergy.options import Options


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read(TINY)


def test_product_graph_follows_the_recipes(dataset: Dataset) -> None:
    graph = product_graph(dataset)
    assert graph.number_of_edges() == len(dataset["recipes"])
    assert nx.has_path(graph, "commodity:COAL", "commodity:LNG")
    assert not nx.has_path(graph, "commodity:LNG", "commodity:COAL")


def test_partnerships_of_a_plan_were_possible(dataset: Dataset) -> None:
    plan = match(dataset, Options(settlement="none")).plan
    assert plan is not None
    done, possible = partnership_graph(dataset, plan), possible_partnerships(dataset)
    assert done.number_of_edges() > 3
    assert set(done.edges(keys=True)) <= set(possible.edges(keys=True))
    assert set(done) == set(dataset["enterprises"]["enterprise"])


def test_graphml_can_be_read_again(dataset: Dataset, tmp_path: Path) -> None:
    graph = possible_partnerships(dataset)
    write_graphml(graph, tmp_path / "graph.graphml")
    again = nx.read_graphml(tmp_path / "graph.graphml")
    assert set(again) == set(graph)
    assert again.number_of_edges() == graph.number_of_edges()
