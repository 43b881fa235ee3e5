"""The annealers of the cloud, and problems sampled by simulated annealing in the formats that Leap speaks."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from collections.abc import Mapping
from itertools import combinations, pairwise
from typing import Any

CLIQUE, CHAIN = "Loopback_clique", "Loopback_chain"
MISSING = 3
"""The number of a qubit that does not work: numbers of qubits and of variables are not the same."""
PARAMETERS = ("num_reads", "answer_mode", "auto_scale", "annealing_time", "label")
READS_MAX = 10_000


def solvers() -> dict[str, dict[str, Any]]:
    """An annealer that couples all its qubits, and one that couples neighbours alone."""
    qubits = [qubit for qubit in range(41) if qubit != MISSING]
    return {
        CLIQUE: _described(CLIQUE, qubits, list(combinations(qubits, 2))),
        CHAIN: _described(CHAIN, qubits, list(pairwise(qubits))),
    }


def executed(properties: Mapping[str, Any], asked: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Raises ValueError where the problem does not fit its annealer, or is out of its ranges."""
    from dwave.samplers import SimulatedAnnealingSampler

    fields, couplings = _read(properties, asked["data"])
    low, high = properties["num_reads_range"]
    reads = int(asked["params"].get("num_reads", 1))
    if not low <= reads <= high:
        raise ValueError(f"num_reads should be {low} to {high}, not {reads}")
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1
    sampler: Any = SimulatedAnnealingSampler()  # type: ignore[no-untyped-call]
    found = sampler.sample_ising(fields, couplings, num_reads=reads, seed=seed).aggregate()
    active = sorted(fields)
    order = [list(found.variables).index(qubit) for qubit in active]
    rows = found.record.sample[:, order] > 0
    return {
        "format": "qp",
        "num_variables": properties["num_qubits"] + 1,
        "active_variables": _packed("i", active),
        "energies": _packed("d", [float(each) for each in found.record.energy]),
        "solutions": base64.b64encode(b"".join(_bits(row) for row in rows)).decode(),
        "num_occurrences": _packed("i", [int(each) for each in found.record.num_occurrences]),
        "timing": {"qpu_access_time": 20_000 + 100 * reads, "qpu_programming_time": 15_000},
    }


def _read(
    properties: Mapping[str, Any], data: Mapping[str, Any]
) -> tuple[dict[int, float], dict[tuple[int, int], float]]:
    if data["format"] != "qp":
        raise ValueError(f"unsupported format {data['format']!r}")
    linear = _unpacked(data["lin"])
    if len(linear) != len(properties["qubits"]):
        raise ValueError("lin should have a number for each qubit")
    fields = {q: value for q, value in zip(properties["qubits"], linear, strict=True) if not math.isnan(value)}
    pairs = [(a, b) for a, b in properties["couplers"] if a in fields and b in fields]
    quadratic = _unpacked(data["quad"])
    if len(quadratic) != len(pairs):
        raise ValueError("quad should have a number for each coupler of active qubits")
    couplings = {pair: value for pair, value in zip(pairs, quadratic, strict=True) if value}
    for name, values in (("h_range", fields.values()), ("j_range", couplings.values())):
        low, high = properties[name]
        if any(not low - 1e-9 <= value <= high + 1e-9 for value in values):
            raise ValueError(f"a number is out of {name}")
    return fields, couplings


def _described(name: str, qubits: list[int], couplers: list[tuple[int, int]]) -> dict[str, Any]:
    properties = {
        "category": "qpu",
        "topology": {"type": "loopback"},
        "supported_problem_types": ["ising", "qubo"],
        "qubits": qubits,
        "couplers": [list(pair) for pair in couplers],
        "num_qubits": len(qubits),
        "h_range": [-4.0, 4.0],
        "j_range": [-1.0, 1.0],
        "num_reads_range": [1, READS_MAX],
        "parameters": dict.fromkeys(PARAMETERS, ""),
    }
    identity = {"name": name, "version": {"graph_id": hashlib.sha256(str(couplers).encode()).hexdigest()[:10]}}
    return {
        "identity": identity,
        "status": "ONLINE",
        "description": "A simulated annealer on loopback",
        "properties": properties,
        "avg_load": 0.0,
    }


def _bits(row: Any) -> bytes:
    """One bit a variable, the first the most significant, padded to a byte."""
    text = "".join("1" if up else "0" for up in row).ljust(-(-len(row) // 8) * 8, "0")
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _packed(kind: str, values: list[Any]) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}{kind}", *values)).decode()


def _unpacked(text: str) -> tuple[float, ...]:
    data = base64.b64decode(text)
    return struct.unpack(f"<{len(data) // 8}d", data)
