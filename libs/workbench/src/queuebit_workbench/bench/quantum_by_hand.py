"""What somebody would write by hand: one template, its angles filled in, one run of Aer. Called in a worker process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

RING = 12
LAYERS = 3
CHORDS = 6


@dataclass(frozen=True, slots=True)
class ByHand:
    """So many sets of angles, and a seed."""

    sets: tuple[tuple[float, ...], ...]
    shots: int
    seed: int


def edges() -> list[tuple[int, int]]:
    """A graph in which each node has three neighbours."""
    ring = [(node, (node + 1) % RING) for node in range(RING)]
    return ring + [(node, node + CHORDS) for node in range(CHORDS)]


def text_of(angles: Sequence[float]) -> str:
    """The same circuit as OpenQASM 2, which has all of its gates."""
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{RING}];", f"creg c[{RING}];", "h q;"]
    for layer in range(LAYERS):
        lines += [f"rzz({angles[2 * layer]!r}) q[{one}], q[{other}];" for one, other in edges()]
        lines += [f"rx({angles[2 * layer + 1]!r}) q[{qubit}];" for qubit in range(RING)]
    return "\n".join([*lines, "measure q -> c;", ""])


def run(asked: ByHand, on_progress: Callable[[Any], None]) -> dict[str, float]:
    """Seconds of it: with the angles filled in by Qiskit, and by Aer itself; in seconds of the clock and of the processor."""
    from qiskit import QuantumCircuit, transpile
    from qiskit.circuit import ParameterVector
    from qiskit_aer import AerSimulator

    del on_progress
    simulator = AerSimulator(
        method="statevector", max_parallel_threads=1, max_parallel_experiments=1, max_parallel_shots=1
    )
    names = ParameterVector("t", 2 * LAYERS)
    plain = QuantumCircuit(RING, RING)
    plain.h(range(RING))
    for layer in range(LAYERS):
        for one, other in edges():
            plain.rzz(names[2 * layer], one, other)
        plain.rx(names[2 * layer + 1], range(RING))
    plain.measure(range(RING), range(RING))
    template = transpile(plain, simulator)

    def bound() -> list[Any]:
        circuits = [template.assign_parameters(angles) for angles in asked.sets]
        result = simulator.run(circuits, shots=asked.shots, seed_simulator=asked.seed).result()
        return [result.get_counts(place) for place in range(len(circuits))]

    def by_aer() -> list[Any]:
        binds = {name: [angles[place] for angles in asked.sets] for place, name in enumerate(names)}
        result = simulator.run([template], parameter_binds=[binds], shots=asked.shots, seed_simulator=asked.seed)
        return [result.result().get_counts(place) for place in range(len(asked.sets))]

    found: dict[str, float] = {}
    for name, work in (("bound", bound), ("by_aer", by_aer)):
        begun_s, cpu_s = time.perf_counter(), time.process_time()
        work()
        found[name] = time.perf_counter() - begun_s
        found[f"{name}_cpu"] = time.process_time() - cpu_s
    return found
