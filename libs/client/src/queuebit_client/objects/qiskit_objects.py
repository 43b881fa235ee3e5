"""Circuits, operators and PUBs of Qiskit. Its strings have qubit 0 rightmost, ours leftmost: they are turned round."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from queuebit_client.objects.words import number, observable, one_of, real, refuse


def problem(thing: Any, kind: str | None) -> dict[str, Any]:
    """A QuantumCircuit is sampled; of a SparsePauliOp the least value is sought; a PUB is a batch of one."""
    if hasattr(thing, "to_list") and hasattr(thing, "paulis"):
        one_of(kind or "expectation", "SparsePauliOp", ("expectation",))
        return {"kind": "expectation", "statement": {"observable": _observable(thing.num_qubits, thing.to_list())}}
    if hasattr(thing, "circuit") and hasattr(thing, "parameter_values"):
        return pubs([thing], kind)
    if not hasattr(thing, "global_phase"):
        refuse(f"A {type(thing).__name__} is no circuit and no operator.", "Submit a QuantumCircuit or SparsePauliOp.")
    one_of(kind or "circuit_sampling", "QuantumCircuit", ("circuit_sampling",))
    return {"kind": "circuit_sampling", "statement": {"qasm": _text(thing)}}


def pubs(given: Any, kind: str | None) -> dict[str, Any]:
    """What EstimatorV2 and SamplerV2 run: a list of PUBs, or of tuples that make them, broadcast by Qiskit's own rules.

    Entry k of the results of a PUB is element k of its shape, in row-major order.
    """
    one_of(kind or "circuit_batch", "list of PUBs", ("circuit_batch",))
    whole = [given] if isinstance(given, tuple) and not isinstance(given[0], tuple | list) else list(given)
    return {"kind": "circuit_batch", "statement": {"pubs": [_pub(each) for each in whole]}}


def _pub(given: Any) -> dict[str, Any]:
    from qiskit.primitives.containers.estimator_pub import EstimatorPub
    from qiskit.primitives.containers.sampler_pub import SamplerPub

    parts = given if isinstance(given, tuple | list) else (given,)
    measured = len(parts) > 1 and not _is_binding(parts[0], parts[1]) and _is_observable(parts[1])
    if isinstance(given, EstimatorPub) or measured:
        return _estimated(EstimatorPub.coerce(given))
    return _sampled(SamplerPub.coerce(given))


def _is_binding(circuit: Any, given: Any) -> bool:
    """Whether a mapping gives values to parameters of the circuit; the coefficients of Pauli strings are mappings too."""
    if not isinstance(given, dict) or not given:
        return False
    named = [each for key in given for each in (key if isinstance(key, tuple) else (key,))]
    known = {each.name for each in circuit.parameters} | {each.name.partition("[")[0] for each in circuit.parameters}
    return all(getattr(each, "name", each) in known for each in named)


def _is_observable(given: Any) -> bool:
    if isinstance(given, list | tuple) and given:
        return _is_observable(given[0])
    return (
        isinstance(given, str | dict)
        or hasattr(given, "paulis")
        or hasattr(given, "to_label")
        or (type(given).__name__ in ("ObservablesArray", "SparseObservable"))
    )


def _sampled(pub: Any) -> dict[str, Any]:
    circuit, parameters = _bound(pub)
    told = {"qasm": _text(circuit), "parameters": parameters}
    return told if pub.shots is None else {**told, "shots": int(pub.shots)}


def _estimated(pub: Any) -> dict[str, Any]:
    import numpy as np

    circuit, parameters = _bound(pub)
    sets = np.arange(math.prod(pub.parameter_values.shape)).reshape(pub.parameter_values.shape)
    which = np.arange(math.prod(pub.observables.shape)).reshape(pub.observables.shape)
    both = zip(
        np.broadcast_to(sets, pub.shape).ravel().tolist(),
        np.broadcast_to(which, pub.shape).ravel().tolist(),
        strict=True,
    )
    listed = np.ravel(np.array(pub.observables.tolist(), dtype=object)).tolist()
    told = {
        "qasm": _text(circuit),
        "parameters": parameters,
        "observables": [_observable(circuit.num_qubits, dict(each).items()) for each in listed],
        "pairs": [list(each) for each in both],
    }
    return told if pub.precision is None else {**told, "precision": float(pub.precision)}


def _bound(pub: Any) -> tuple[Any, dict[str, list[int | float]]]:
    """The circuit with parameters of plain names, and the values of each in row-major order of their shape."""
    from qiskit.circuit import Parameter

    circuit = pub.circuit
    if not circuit.parameters:
        return circuit, {}
    prefix = "p"
    while any(each.name.startswith(prefix) for each in circuit.parameters):
        prefix += "_"
    plain = [Parameter(f"{prefix}{k}") for k in range(len(circuit.parameters))]
    renamed = circuit.assign_parameters(dict(zip(circuit.parameters, plain, strict=True)))
    table = pub.parameter_values.as_array(circuit.parameters).reshape(-1, len(plain))
    return renamed, {each.name: [number(value) for value in table[:, k]] for k, each in enumerate(plain)}


def _observable(qubits: int, terms: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    told: dict[str, float] = {}
    for label, coefficient in terms:
        if set(label) - set("IXYZ"):
            refuse(f"{label[:40]!r} has projectors.", "State the observable by I, X, Y and Z.")
        told[label[::-1]] = told.get(label[::-1], 0.0) + real(coefficient)
    return observable(qubits, told)


def _text(circuit: Any) -> str:
    from qiskit import qasm3

    try:
        return str(qasm3.dumps(circuit))
    except qasm3.QASM3ExporterError as error:
        refuse(f"Qiskit cannot write the circuit as OpenQASM 3: {error.message[:200]}", "Submit circuit.decompose().")
