"""An ideal machine: an exact statevector, sampled. Imported in worker processes only.

The passes are our own short list, not a preset: Aer runs our gates as they are, on any pair of qubits, so that layout and
routing have nothing to do, and building a preset costs more than the run of a small circuit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from qiskit.circuit.equivalence_library import SessionEquivalenceLibrary
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import BasisTranslator

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.pauli import PauliSum
from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.errors import UnusableProblem
from queuebit_quantum_adapter.ports import AS_USUAL, Capabilities, Transpilation
from queuebit_quantum_adapter.providers.aer.drawing import (
    DRAWN_QUBITS_MAX,
    GENERATOR,
    Drawing,
    Probabilities,
    is_drawn,
)
from queuebit_quantum_adapter.providers.aer.fitted import Fitted
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.providers.aer.simulators import a_simulator, counts_of, memory_of, values_of
from queuebit_quantum_adapter.providers.aer.target import EQUIVALENCE_SEED, Drawn, Space
from queuebit_quantum_adapter.providers.qiskit_conversion import OpenCircuit, steps_of_quantum_circuit
from queuebit_quantum_adapter.verification.equivalence import Equivalence, check_circuit, check_template

SHOTS_MAX = 1_000_000
PASSES = ("BasisTranslator",)
PACKAGES = ("qiskit", "qiskit-aer", "numpy")


class IdealTarget:
    """Aer without noise."""

    def __init__(self, *, qubits_max: int, memory_bytes_max: int) -> None:
        self.space = Space(qubits_max, memory_bytes_max)
        self._simulator = a_simulator("statevector", memory_bytes_max)
        target = self._simulator.target
        self._native = frozenset(target.operation_names) | {"barrier"}
        self._passes = PassManager([BasisTranslator(SessionEquivalenceLibrary, None, target=target)])
        packages = {name: version(name) for name in PACKAGES}
        self._key = fingerprint([self._simulator.name, packages, sorted(target.operation_names)])
        self.record: Mapping[str, Any] = {
            "method": "statevector",
            "transpiler": {"passes": list(PASSES), "optimization_level": None, "seed": None},
            "threads": 1,
            "drawn": {"generator": GENERATOR, "qubits_max": DRAWN_QUBITS_MAX},
            "noise": "ideal",
            "packages": packages,
        }
        self.capabilities = Capabilities(
            backend=self._simulator.name,
            version=packages["qiskit-aer"],
            lane="simulator",
            qubits_max=qubits_max,
            shots_max=SHOTS_MAX,
            noise="ideal",
            exact=True,
            memory=True,
        )

    def calibration(self) -> None:
        """An ideal machine has none."""

    def key_of(self, template: Circuit) -> str:
        return fingerprint([template.fingerprint, self._key, PASSES])

    def fit(self, circuit: Any, how: Transpilation = AS_USUAL) -> Fitted:
        """What Aer knows stays as it is; other gates are taken apart. Raises UnusableProblem where that is to be otherwise."""
        if how != AS_USUAL:
            raise UnusableProblem(
                "An ideal machine runs circuits as they are.", remedy="Leave params.level and params.layout out."
            )
        return _everywhere(circuit) if _names(circuit) <= self._native else self.fit_template(circuit)

    def fit_template(self, circuit: Any, how: Transpilation = AS_USUAL) -> Fitted:  # noqa: ARG002
        return _everywhere(self._passes.run(circuit))

    def transpiler(self, how: Transpilation) -> Mapping[str, Any]:  # noqa: ARG002
        told: Mapping[str, Any] = self.record["transpiler"]
        return told

    def check_template(self, template: Circuit, plain: OpenCircuit, made: OpenCircuit) -> Equivalence:  # noqa: ARG002
        return check_template(template, lambda angles: steps_of_quantum_circuit(made.bind(angles)), EQUIVALENCE_SEED)

    def check_circuit(self, circuit: Circuit, convert: Callable[[Circuit], Any]) -> Equivalence:
        return check_circuit(circuit, lambda each: steps_of_quantum_circuit(convert(each)), EQUIVALENCE_SEED)

    def counts(self, bound: Any, fitted: Fitted, shots: int, seed: int) -> Drawn:  # noqa: ARG002
        return Drawn(counts_of(self._simulator, bound, shots, seed))

    def memory(self, bound: Any, fitted: Fitted, shots: int, seed: int) -> tuple[int, ...]:  # noqa: ARG002
        return memory_of(self._simulator, bound, shots, seed)

    def drawing(self, circuit: Circuit, made: OpenCircuit, fitted: Fitted) -> Drawing | None:  # noqa: ARG002
        return Drawing.of(made).tried(self._simulator) if is_drawn(circuit) else None

    def draws(self, fitted: Fitted, shots: int) -> bool:  # noqa: ARG002
        return True

    def probabilities(
        self,
        drawing: Drawing,
        fitted: Fitted,  # noqa: ARG002
        sets: Sequence[Sequence[float]],
    ) -> list[Probabilities]:
        return drawing.probabilities(self._simulator, sets)

    def values(self, circuits: Sequence[Any], observable: PauliSum) -> tuple[float, ...]:
        return values_of(self._simulator, circuits, observable)

    def seconds(self, fitted: Fitted, shots: int) -> float:  # noqa: ARG002
        raise UnusableProblem("An ideal target estimates nothing.")

    def told(self, fitted: Sequence[Fitted], shots: int) -> dict[str, Any]:  # noqa: ARG002
        return {}


def _everywhere(circuit: Any) -> Fitted:
    """Each qubit where it is."""
    qubits = tuple(range(circuit.num_qubits))
    return Fitted(circuit, qubits, qubits)


def _names(circuit: Any) -> set[str]:
    """The names of all instructions, those inside branches too."""
    names = {item.operation.name for item in circuit.data}
    for item in circuit.data:
        for block in getattr(item.operation, "blocks", ()):
            names |= _names(block)
    return names


@lru_cache(maxsize=4)
def open_provider(qubits_max: int, memory_bytes_max: int) -> AerProvider:
    """The provider of this process: made once, so that its templates stay."""
    return AerProvider(IdealTarget(qubits_max=qubits_max, memory_bytes_max=memory_bytes_max))
