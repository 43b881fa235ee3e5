"""Aer itself: one thread, repeatable, its errors in our words. Imported in worker processes only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit.exceptions import QiskitError
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from qiskit_aer.library import SaveExpectationValue

from queuebit_circuits.pauli import PauliSum
from queuebit_quantum_adapter.errors import RunFailed, TooMuchMemory

LABEL = "value"


def a_simulator(method: str, memory_bytes_max: int, noise: Any = None) -> AerSimulator:
    """Aer on one thread, with no more memory than this."""
    options = {} if noise is None else {"noise_model": noise}
    return AerSimulator(
        method=method,
        max_parallel_threads=1,
        max_parallel_experiments=1,
        max_parallel_shots=1,
        max_memory_mb=memory_bytes_max // 2**20,
        **options,
    )


def counts_of(simulator: AerSimulator, circuit: Any, shots: int, seed: int) -> dict[int, int]:
    """Aer's counts: hexadecimal integers, whose bit c is classical bit c. A circuit that measures nothing reads 0."""
    (data,) = data_of(simulator, [circuit], shots=shots, seed_simulator=seed)
    found = data.get("counts")
    if found is None:
        return {0: shots}
    return dict(sorted((int(outcome, 16), count) for outcome, count in found.items()))


def memory_of(simulator: AerSimulator, circuit: Any, shots: int, seed: int) -> tuple[int, ...]:
    """As `counts_of`, the outcome of each run in order."""
    (data,) = data_of(simulator, [circuit], shots=shots, seed_simulator=seed, memory=True)
    return tuple(int(outcome, 16) for outcome in data.get("memory", ("0x0",) * shots))


def values_of(simulator: AerSimulator, circuits: Sequence[Any], observable: PauliSum) -> tuple[float, ...]:
    """The exact values, by one call: nothing is drawn. Aer could fill in angles itself, but for some gates it does not."""
    probe = SaveExpectationValue(operator_of(observable), label=LABEL)
    for circuit in circuits:
        circuit.append(probe, range(circuit.num_qubits))
    return tuple(float(data[LABEL]) for data in data_of(simulator, circuits, shots=1, seed_simulator=0))


def data_of(
    simulator: AerSimulator,
    circuits: Sequence[Any],
    *,
    binds: Mapping[Any, Sequence[float]] | None = None,
    count: int | None = None,
    **options: int,
) -> list[Mapping[str, Any]]:
    """What Aer gives for each circuit, or for each of `count` sets of angles of one. Raises RunFailed or TooMuchMemory."""
    if any(item.operation.name == "if_else" for circuit in circuits for item in circuit.data):
        options["enable_truncation"] = False  # which dies on conditions over bits that nothing has measured
    many = {} if binds is None else {"parameter_binds": [dict(binds)]}
    asked = len(circuits) if count is None else count
    try:
        result = simulator.run(list(circuits), **many, **options).result()
    except QiskitError as error:
        raise RunFailed(f"Aer failed: {error.message}") from error
    if not result.success:
        if "nsufficient memory" in str(result.status):
            raise TooMuchMemory(f"Aer refused: {str(result.status)[:300]}")
        raise RunFailed(f"Aer failed: {str(result.status)[:300]}")
    if len(result.results) != asked:
        raise RunFailed(f"Aer ran {len(result.results)} of {asked} circuits.")
    return [each.data.to_dict() for each in result.results]


def operator_of(observable: PauliSum) -> Any:
    """Qiskit's operator: its strings have qubit 0 rightmost."""
    return SparsePauliOp.from_list([(letters[::-1], factor) for factor, letters in observable.terms])
