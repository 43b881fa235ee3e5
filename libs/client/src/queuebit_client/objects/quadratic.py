"""Models of dimod: variables are numbered in the order of `bqm.variables`."""

from __future__ import annotations

from typing import Any

from queuebit_client.objects.words import number, one_of, refuse


def problem(model: Any, kind: str | None) -> dict[str, Any]:
    """qubo: variable k is `bqm.variables[k]`; spins are put as s = 2x - 1, which keeps every energy."""
    one_of(kind or "qubo", "model of dimod", ("qubo",))
    if not hasattr(model, "spin"):
        refuse(
            f"A {type(model).__name__} has constraints or more than two values.",
            "Write it with dimod.lp.dumps and submit that file as binary_program.",
        )
    binary = model.change_vartype("BINARY", inplace=False)
    place = {variable: k for k, variable in enumerate(model.variables)}
    terms = [[k, k, number(binary.linear[variable])] for variable, k in place.items()]
    terms += [
        [min(place[u], place[v]), max(place[u], place[v]), number(bias)] for (u, v), bias in binary.quadratic.items()
    ]
    kept = [term for term in terms if term[2]]
    return {"kind": "qubo", "statement": {"variables": len(place), "terms": kept, "offset": number(binary.offset)}}
