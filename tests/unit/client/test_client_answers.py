"""Answers as the objects that the questions came from: there and back through real services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import dimod
import httpx2
import networkx as nx
import pandas as pd  # type: ignore[import-untyped]
import pytest

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.errors import InvalidRequest
from queuebit_client.objects.answers import frame, marked, sampleset
from queuebit_workbench.local import one_world


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[AsyncQueuebit]:
    async with one_world(lambda *_: None) as (world, api_key):
        assert world.app is not None
        transport = httpx2.ASGITransport(world.app)
        async with AsyncQueuebit("http://queuebit.local", api_key, transport=transport) as found:
            yield found


async def answered(client: AsyncQueuebit, thing: Any, kind: str | None = None) -> Any:
    job = await client.submit(thing, kind=kind, lane="classical", seed=1)
    return await client.wait(job.id, timeout_s=90)


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
async def test_a_model_comes_back_as_a_sampleset_with_its_own_energy(client: AsyncQueuebit, vartype: str) -> None:
    model = dimod.BinaryQuadraticModel(
        {"p": 1.0, "q": -2.0, "r": 0.5}, {("q", "p"): 0.5, ("p", "r"): -1.5}, 3.0, vartype
    )
    job = await answered(client, model)
    found = sampleset(job, model)
    exact = dimod.ExactSolver().sample(model).first  # type: ignore[no-untyped-call]
    assert found.first.energy == pytest.approx(exact.energy)
    assert found.vartype is model.vartype
    assert set(found.variables) == {"p", "q", "r"}
    assert found.info["verdict"] == "accepted"


async def test_another_model_is_not_taken_for_the_one_that_was_asked_about(client: AsyncQueuebit) -> None:
    model = dimod.BinaryQuadraticModel({"p": 1.0, "q": -2.0}, {}, 0.0, "BINARY")
    job = await answered(client, model)
    with pytest.raises(InvalidRequest, match="energy"):
        sampleset(job, dimod.BinaryQuadraticModel({"p": 1.0, "q": -3.0}, {}, 0.0, "BINARY"))
    with pytest.raises(InvalidRequest, match="variables"):
        sampleset(job, dimod.BinaryQuadraticModel({"p": 1.0}, {}, 0.0, "BINARY"))


@pytest.mark.parametrize("kind", ["maxcut", "max_independent_set", "max_clique", "graph_colouring", "tsp"])
async def test_a_graph_comes_back_with_the_answer_on_it(client: AsyncQueuebit, kind: str) -> None:
    graph = nx.Graph()
    graph.add_edges_from([("d", "a"), ("a", "c"), ("c", "d"), ("d", "e")])
    if kind == "tsp":
        graph = nx.Graph()
        graph.add_weighted_edges_from([("d", "a", 3), ("a", "c", 5), ("c", "d", 7)])
    job = await answered(client, graph, kind)
    found = marked(graph, job)
    assert set(found.nodes) == set(graph.nodes)
    assert all("side" not in data for _, data in graph.nodes(data=True))
    match kind:
        case "maxcut":
            cut = sum(found.nodes[u]["side"] != found.nodes[v]["side"] for u, v in found.edges)
            assert cut == job.objective
        case "max_independent_set" | "max_clique":
            chosen = [node for node, data in found.nodes(data=True) if data["chosen"]]
            assert len(chosen) == job.objective
            assert all(graph.has_edge(u, v) is (kind == "max_clique") for u in chosen for v in chosen if u != v)
        case "graph_colouring":
            assert all(found.nodes[u]["colour"] != found.nodes[v]["colour"] for u, v in found.edges)
        case "tsp":
            assert sum(data["weight"] for *_, data in found.edges(data=True) if data["on_tour"]) == job.objective == 15
    assert found.graph["proven_optimal"] is True


async def test_jobs_come_back_as_a_frame(client: AsyncQueuebit) -> None:
    graph = nx.path_graph(4)
    jobs = [await answered(client, graph, kind) for kind in ("maxcut", "max_clique")]
    found = frame(jobs)
    assert list(found["kind"]) == ["maxcut", "max_clique"]
    assert list(found.index) == [str(job.id) for job in jobs]
    assert list(found["objective"]) == [3, 2]
    assert isinstance(frame([]), pd.DataFrame)


async def test_what_has_no_answer_or_no_drawing_says_so(client: AsyncQueuebit) -> None:
    graph = nx.path_graph(3)
    job = await client.submit(graph, kind="maxcut", lane="classical")
    waiting = job.model_copy(update={"answer": None, "state": "queued"})
    with pytest.raises(InvalidRequest, match="no answer"):
        marked(graph, waiting)
    with pytest.raises(InvalidRequest, match="not drawn"):
        marked(graph, waiting.model_copy(update={"kind": "knapsack"}))
    with pytest.raises(InvalidRequest, match="not qubo"):
        sampleset(waiting, None)
    done = await client.wait(job.id, timeout_s=90)
    with pytest.raises(InvalidRequest, match="values"):
        marked(nx.path_graph(5), done)
