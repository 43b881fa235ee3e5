"""What Aer simulates, as the port behind which an ideal machine and a noisy device differ. In worker processes only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.pauli import PauliSum
from queuebit_quantum_adapter.backends.conditions import Calibration
from queuebit_quantum_adapter.backends.limits import statevector_bytes
from queuebit_quantum_adapter.errors import TooManyQubits, TooMuchMemory
from queuebit_quantum_adapter.ports import AS_USUAL, Capabilities, Transpilation
from queuebit_quantum_adapter.providers.aer.drawing import Drawing, Probabilities
from queuebit_quantum_adapter.providers.aer.fitted import Fitted
from queuebit_quantum_adapter.providers.qiskit_conversion import OpenCircuit
from queuebit_quantum_adapter.verification.equivalence import Equivalence

EQUIVALENCE_SEED = 20_240_601
"""The inputs of the check need to be random only to whoever made the conversion: fixed, so that evidence repeats."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Counts, and the probabilities that the noise of the target gives the same outcomes, where they are known: of few."""

    counts: dict[int, int]
    model: Mapping[int, float] | None = None


class Target(Protocol):
    """One machine that Aer stands in for. Every method may raise AdapterError."""

    @property
    def space(self) -> Space:
        """The circuits that have room."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    def calibration(self) -> Calibration | None:
        """How well it was calibrated; None where that means nothing."""
        ...

    @property
    def record(self) -> Mapping[str, Any]:
        """What reproduces any run on it: transpiler, threads, noise, packages."""
        ...

    def key_of(self, template: Circuit) -> str:
        """The name of a template as this target runs it."""
        ...

    def fit(self, circuit: Any, how: Transpilation = AS_USUAL) -> Fitted:
        """Transpile a circuit of Qiskit's, its angles open or not."""
        ...

    def transpiler(self, how: Transpilation) -> Mapping[str, Any]:
        """What reproduces that."""
        ...

    def fit_template(self, circuit: Any, how: Transpilation = AS_USUAL) -> Fitted:
        """The same for a template, of whose gates the fingerprint of provenance depends on the order too."""
        ...

    def check_template(self, template: Circuit, plain: OpenCircuit, made: OpenCircuit) -> Equivalence:
        """That a template survived being fitted. Raises NotEquivalent."""
        ...

    def check_circuit(self, circuit: Circuit, convert: Callable[[Circuit], Any]) -> Equivalence:
        """That circuits of this form survive their conversion. Raises NotEquivalent."""
        ...

    def counts(self, bound: Any, fitted: Fitted, shots: int, seed: int) -> Drawn:
        """Sample a fitted circuit, its angles filled in: bit c of an outcome is classical bit c."""
        ...

    def memory(self, bound: Any, fitted: Fitted, shots: int, seed: int) -> tuple[int, ...]:
        """As `counts`, the outcome of each run in order."""
        ...

    def drawing(self, circuit: Circuit, made: OpenCircuit, fitted: Fitted) -> Drawing | None:
        """How the outcomes of a fitted circuit are drawn here from `probabilities`; None where `counts` gives them."""
        ...

    def draws(self, fitted: Fitted, shots: int) -> bool:
        """Whether so many outcomes are drawn, where they can be: else `counts` takes less."""
        ...

    def probabilities(self, drawing: Drawing, fitted: Fitted, sets: Sequence[Sequence[float]]) -> list[Probabilities]:
        """Of a form for so many sets of angles, in one execution."""
        ...

    def values(self, circuits: Sequence[Any], observable: PauliSum) -> tuple[float, ...]:
        """The exact expectation values: only where `capabilities.exact`."""
        ...

    def seconds(self, fitted: Fitted, shots: int) -> float:
        """How long so many runs take: an upper guess, only where `capabilities.estimates`."""
        ...

    def told(self, fitted: Sequence[Fitted], shots: int) -> dict[str, Any]:
        """What provenance says of a run beside `record`, of what became of its circuits."""
        ...


class Space:
    """How large a circuit may be here."""

    def __init__(self, qubits_max: int, memory_bytes_max: int) -> None:
        self.qubits_max = qubits_max
        self.memory_bytes_max = memory_bytes_max

    def check(self, qubits: int) -> None:
        """Raises TooManyQubits or TooMuchMemory."""
        if qubits > self.qubits_max:
            raise TooManyQubits(f"The circuit has {qubits} qubits; this simulator takes {self.qubits_max}.")
        if statevector_bytes(qubits) > self.memory_bytes_max:
            raise TooMuchMemory(f"{qubits} qubits need {statevector_bytes(qubits) // 2**20} MiB.")
