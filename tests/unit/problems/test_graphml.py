"""GraphML: what networkx writes is read, whatever the nodes are called; what would make another graph of it is refused."""

from __future__ import annotations

from time import process_time
from typing import Any

import networkx as nx
import pytest

from queuebit_problems.errors import UnreadableFile
from queuebit_problems.files import read_problem

HEAD = '<?xml version="1.0"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
WEIGHED = (
    '<key id="d0" for="edge" attr.name="weight" attr.type="double"/><graph><node id="0"/><node id="1"/>'
    '<edge source="0" target="1"><data key="d0">{}</data></edge></graph>'
)


def written(graph: Any) -> str:
    return "\n".join(nx.generate_graphml(graph))


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        ([2, 0, 1], [2, 0, 1]),
        (["n1", "n2", "n0"], [1, 2, 0]),
        ([3, 1, 2], [2, 0, 1]),
        (["red", "green", "blue"], [0, 1, 2]),
    ],
)
def test_what_networkx_writes_is_the_same_graph(names: list[Any], numbers: list[int]) -> None:
    graph = nx.Graph()
    graph.add_nodes_from(names)
    graph.add_edge(names[0], names[1], weight=2.5, colour="red")
    graph.add_edge(names[2], names[1])

    found = read_problem(written(graph), file_name="a.graphml", kind="maxcut").statement

    expected = nx.Graph()
    expected.add_edge(numbers[0], numbers[1], weight=2.5)
    expected.add_edge(numbers[2], numbers[1], weight=1)
    assert found["nodes"] == 3
    assert {(frozenset((u, v)), weight) for u, v, weight in found["edges"]} == {
        (frozenset((u, v)), weight) for u, v, weight in expected.edges(data="weight")
    }


@pytest.mark.parametrize("kind", ["max_clique", "max_independent_set", "graph_colouring"])
def test_a_graph_without_weights_serves_every_kind_of_graphs(kind: str) -> None:
    text = written(nx.path_graph(3))

    assert read_problem(text, kind=kind).statement == {"nodes": 3, "edges": [[1, 2], [2, 3]]}
    with pytest.raises(UnreadableFile, match=kind):
        read_problem(text, file_name="a.graphml")


BAD = [
    ("<graph edgedefault='directed'><node id='0'/></graph>", "the edges have directions"),
    ("<graph><node id='0'/><node id='1'/><edge directed='true' source='0' target='1'/></graph>", "have directions"),
    ("<graph><node id='0'/><node id='0'/></graph>", "line 3: node '0' stands twice"),
    ("<graph><node id='0'/>\n<edge source='0' target='7'/></graph>", "line 4: the edge joins '7', which is no node"),
    ("<graph><node id='0'/></graph><graph/>", "a second graph begins"),
    ("<graph><node id='0'/><hyperedge/></graph>", "joins more than two nodes"),
    ("<graph><node id='0'/>", "this is no XML"),
    (WEIGHED.format("x"), "a weight"),
    ("<graph><node id='0'/></graph><key id='w' for='edge' attr.name='weight'/>", "a key is declared behind the graph"),
    ("<graph><node id='\ud800'/></graph>", "this is no XML"),
    ("<key id='w' for='node' attr.name='weight'/><graph><node id='0'><data key='w'>4</data></node></graph>", "has a weight"),
    ("<graph><node id='0'/><edge source='0' target='0'/></graph>", "joins node 1 with itself"),
    (WEIGHED.format(2), "weight '2'"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "detail"), BAD)
def test_what_is_another_graph_is_refused(body: str, detail: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(f"{HEAD}{body}\n</graphml>\n", kind="max_clique")

    assert detail in refused.value.detail


def test_a_document_type_is_refused_before_it_grows() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<graphml><graph><node id="&b;"/></graph></graphml>'

    with pytest.raises(UnreadableFile, match="a document type is not read"):
        read_problem(bomb, kind="maxcut")


def test_what_stands_between_elements_costs_what_its_length_costs() -> None:
    text = f"{HEAD}<graph><node id='0'/>{chr(10) * 2_000_000}</graph></graphml>"
    began_s = process_time()

    assert read_problem(text, kind="max_clique").statement == {"nodes": 1, "edges": []}
    assert process_time() - began_s < 10, "about a minute where every line break copies what came before"
