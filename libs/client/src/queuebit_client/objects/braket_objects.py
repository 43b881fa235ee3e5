"""Circuits of Amazon Braket, by the OpenQASM 3 that Braket itself writes."""

from __future__ import annotations

from typing import Any

from queuebit_client.objects.words import one_of, refuse


def problem(circuit: Any, kind: str | None) -> dict[str, Any]:
    """Sampled: bit k of `b` is qubit k, and bit 0 is written rightmost (Braket writes qubit 0 leftmost)."""
    one_of(kind or "circuit_sampling", "circuit of Braket", ("circuit_sampling",))
    if not hasattr(circuit, "to_ir"):
        refuse(f"A {type(circuit).__name__} is no circuit.", "Submit a braket.circuits.Circuit.")
    from braket.circuits.serialization import IRType

    source: str = circuit.to_ir(ir_type=IRType.OPENQASM).source
    if "#pragma braket result" in source:
        refuse("The circuit has result types.", "Submit it without; ask for expectation values by an observable.")
    return {"kind": "circuit_sampling", "statement": {"qasm": source}}
