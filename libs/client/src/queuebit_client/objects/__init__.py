"""Objects of the field's packages as problems: what `submit` takes beside documents. Nothing is imported that is not there.

| object | problem | order that is kept |
| --- | --- | --- |
| networkx graph, with `kind` | `maxcut`, a `tsp`, or a question about nodes | of `graph.nodes` |
| dimod BinaryQuadraticModel | `qubo` | of `bqm.variables` |
| table of numpy, scipy or pandas, with `kind` | `qubo`, `maxcut`, `assignment`, `tsp`, `kernel` | of rows and columns |
| SparsePauliOp, QubitOperator, PauliSum | `expectation`: the least value | qubit 0 is the leftmost letter |
| Qiskit QuantumCircuit, Cirq Circuit, Braket Circuit | `circuit_sampling` | bit 0 is written rightmost |
| a list of Qiskit PUBs | `circuit_batch` | of the PUBs, and of the elements of each in row-major order |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from queuebit_client.errors import InvalidRequest

Problem = dict[str, Any]

_PLACES: Mapping[str, str] = {
    "networkx": "graphs",
    "dimod": "quadratic",
    "numpy": "tables",
    "scipy": "tables",
    "pandas": "tables",
    "qiskit": "qiskit_objects",
    "openfermion": "operators",
    "cirq": "cirq_objects",
    "braket": "braket_objects",
}
KNOWN = "a mapping with kind and statement, or an object of " + ", ".join(_PLACES)


def problem_of(thing: Any, kind: str | None = None, statement: Mapping[str, Any] | None = None) -> Problem:
    """The problem that an object states. `kind`: which question it is asked, where its type does not say; `statement`: fields
    of the statement that the object does not hold, such as shots. Raises InvalidRequest.
    """
    found = _converter(thing)(thing, kind)
    return {**found, "statement": {**found["statement"], **(statement or {})}}


def _converter(thing: Any) -> Callable[[Any, str | None], Problem]:
    if isinstance(thing, list | tuple) and thing:
        first = thing[0][0] if isinstance(thing[0], list | tuple) and thing[0] else thing[0]
        if "qiskit" in _roots(first):
            from queuebit_client.objects.qiskit_objects import pubs

            return pubs
    for root in _roots(thing):
        if root in _PLACES:
            converter: Callable[[Any, str | None], Problem] = import_module(
                f"queuebit_client.objects.{_PLACES[root]}"
            ).problem
            return converter
    raise InvalidRequest(f"A {type(thing).__name__} is no problem.", remedy=f"Submit {KNOWN}.")


def _roots(thing: Any) -> list[str]:
    """The packages that the type of an object and its bases come from."""
    return [base.__module__.partition(".")[0] for base in type(thing).__mro__]
