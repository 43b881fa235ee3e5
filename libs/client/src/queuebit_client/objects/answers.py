"""Answers as objects of the packages that the questions came from. Nothing is imported that the caller does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from queuebit_client.errors import InvalidRequest
from queuebit_client.models import Job

ENERGY_TOLERANCE = 1e-6
"""Relative: how far the energy of the model may be from the objective, which was computed in another order."""


def sampleset(job: Job, model: Any) -> Any:
    """The answer to a model of dimod as a `dimod.SampleSet` of one sample, in the model's own variables and values. Raises
    InvalidRequest where the job has no answer, or the model is not the one that was asked about.
    """
    import dimod

    values = _answer(job, "qubo")["x"]
    if len(values) != model.num_variables:
        raise _another(job, f"{len(values)} variables, and the model {model.num_variables}")
    low, high = (-1, 1) if model.vartype is dimod.SPIN else (0, 1)
    sample = {name: high if value else low for name, value in zip(model.variables, values, strict=True)}
    found: Any = dimod.SampleSet.from_samples_bqm(sample, model)  # type: ignore[no-untyped-call]
    energy, objective = float(found.first.energy), float(job.objective or 0)
    if abs(energy - objective) > ENERGY_TOLERANCE * max(1.0, abs(energy), abs(objective)):
        raise _another(job, f"the objective {objective}, and the model the energy {energy}")
    found.info.update(_about(job))
    return found


def marked(graph: Any, job: Job) -> Any:
    """A copy of a graph of networkx with the answer on it: nodes have `side` (maxcut), `chosen` (node sets) or `colour`, edges
    `on_tour` (tsp); `graph.graph` says what the answer is worth. Raises InvalidRequest as `sampleset` does.
    """
    mark = _MARKS.get(job.kind)
    if mark is None:
        raise InvalidRequest(
            f"An answer to {job.kind} is not drawn on a graph.", remedy=f"Use one of {', '.join(_MARKS)}."
        )
    answer = _answer(job, job.kind)
    found = graph.copy()
    mark(found, list(graph.nodes), answer, job)
    found.graph.update(_about(job))
    return found


def frame(jobs: Iterable[Job]) -> Any:
    """Jobs as a pandas DataFrame, a line a job: what was asked, how it came out, what it is worth and what it cost."""
    import pandas as pd  # type: ignore[import-untyped]

    lines = [
        {
            "job": str(job.id),
            "kind": job.kind,
            "lane": job.lane,
            "state": job.state,
            "verdict": job.verdict,
            "objective": job.objective,
            "bound": job.bound,
            "gap": job.gap,
            "proven_optimal": job.proven_optimal,
            "confidence": None if job.confidence is None else job.confidence.value,
            "backend": None if job.ran is None else job.ran.backend,
            "method": None if job.ran is None else job.ran.method,
            "cost": job.cost.amount,
            "currency": job.cost.currency,
            "elapsed_s": job.elapsed_s,
            "created_at": job.created_at,
        }
        for job in jobs
    ]
    return pd.DataFrame(lines).set_index("job") if lines else pd.DataFrame()


def _sides(graph: Any, nodes: list[Any], answer: Mapping[str, Any], job: Job) -> None:
    for node, side in _paired(nodes, answer["side"], job):
        graph.nodes[node]["side"] = side


def _chosen(graph: Any, nodes: list[Any], answer: Mapping[str, Any], job: Job) -> None:
    places = set(answer["nodes"])
    if places and max(places) > len(nodes):
        raise _another(job, f"a node {max(places)}, and the graph {len(nodes)}")
    for place, node in enumerate(nodes, start=1):
        graph.nodes[node]["chosen"] = place in places


def _colours(graph: Any, nodes: list[Any], answer: Mapping[str, Any], job: Job) -> None:
    for node, colour in _paired(nodes, answer["colour"], job):
        graph.nodes[node]["colour"] = colour


def _tour(graph: Any, nodes: list[Any], answer: Mapping[str, Any], job: Job) -> None:
    stops = [node for node, _ in _paired([nodes[place - 1] for place in answer["tour"]], answer["tour"], job)]
    ways = set(zip(stops, [*stops[1:], stops[0]], strict=True))
    for one, other in graph.edges:
        graph.edges[one, other]["on_tour"] = (one, other) in ways or (not graph.is_directed() and (other, one) in ways)


_MARKS: Mapping[str, Callable[[Any, list[Any], Mapping[str, Any], Job], None]] = {
    "maxcut": _sides,
    "max_independent_set": _chosen,
    "max_clique": _chosen,
    "graph_colouring": _colours,
    "tsp": _tour,
}


def _paired(nodes: list[Any], values: list[Any], job: Job) -> list[tuple[Any, Any]]:
    if len(nodes) != len(values):
        raise _another(job, f"{len(values)} values, and the graph {len(nodes)} nodes")
    return list(zip(nodes, values, strict=True))


def _answer(job: Job, kind: str) -> Mapping[str, Any]:
    if job.kind != kind:
        raise InvalidRequest(
            f"The job {job.id} asks {job.kind}, not {kind}.", remedy="Pass the job that was asked with it."
        )
    if job.answer is None:
        raise InvalidRequest(
            f"The job {job.id} has no answer: it is {job.state}.", remedy="Wait for it: client.wait(job.id)."
        )
    return job.answer


def _about(job: Job) -> dict[str, Any]:
    ran = None if job.ran is None else f"{job.ran.method} of {job.ran.backend}"
    return {"queuebit_job": str(job.id), "verdict": job.verdict, "proven_optimal": bool(job.proven_optimal), "ran": ran}


def _another(job: Job, what: str) -> InvalidRequest:
    return InvalidRequest(f"The answer of the job {job.id} has {what}.", remedy="Pass the object that was submitted.")
