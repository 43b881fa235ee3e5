"""A device's noise on this machine: Aer, one circuit after the other, under the noise of a snapshot. In worker processes only.

Small circuits are simulated as a density matrix, others run by run (trajectories): whichever takes less by estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.pauli import PauliSum
from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.backends.conditions import Calibration
from queuebit_quantum_adapter.backends.limits import statevector_bytes
from queuebit_quantum_adapter.errors import TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.ports import AS_USUAL, Capabilities, Transpilation
from queuebit_quantum_adapter.providers import qiskit_circuits
from queuebit_quantum_adapter.providers.aer.drawing import GENERATOR, MODEL_BITS_MAX, Drawing, Probabilities
from queuebit_quantum_adapter.providers.aer.fitted import Fitted
from queuebit_quantum_adapter.providers.aer.ideal import PACKAGES, SHOTS_MAX
from queuebit_quantum_adapter.providers.aer.noisy_device import LEVEL, TRANSPILER_SEED, NoisyDevice
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.providers.aer.simulators import a_simulator, counts_of, memory_of
from queuebit_quantum_adapter.providers.aer.target import EQUIVALENCE_SEED, Drawn, Space
from queuebit_quantum_adapter.providers.qiskit_conversion import OpenCircuit
from queuebit_quantum_adapter.providers.read_back import read_back, same_outcomes
from queuebit_quantum_adapter.verification.equivalence import Equivalence, at_random_angles

TOLD_MAX = 8
"""So many circuits of a batch are described."""
ROUTING_QUBITS_MAX = 3
NOISY_REMEDY = "State fewer qubits, or let the operator set the simulator's target to exact."
DENSITY_GATE_1Q_S, DENSITY_GATE_2Q_S = 1e-9, 1.5e-8
"""One gate with its noise on one element of a density matrix, in seconds: an upper guess, measured."""
TRAJECTORY_S, TRAJECTORY_GATE_S = 2e-8, 2e-6
"""One gate with its noise in one run: on one amplitude, and whatever the size."""
RUN_S = 0.025


class NoisyTarget:
    """One noisy device."""

    def __init__(
        self, *, device: str, qubits_max: int, memory_bytes_max: int, calibrated_at: str, health: float
    ) -> None:
        """`calibrated_at`: RFC 3339, or "" where it is not known. Raises NoBackend where there is no such device."""
        self.space = Space(qubits_max, memory_bytes_max)
        self._device = NoisyDevice(device)
        self._calibrated_at = calibrated_at or None
        packages = {name: version(name) for name in (*PACKAGES, "qiskit-ibm-runtime")}
        self._key = fingerprint([self._device.name, packages, LEVEL, TRANSPILER_SEED])
        noise = f"{self._device.name} (simulated noise model)"
        self.record: Mapping[str, Any] = {
            "method": "noisy",
            "transpiler": self._device.transpilers.told(AS_USUAL),
            "threads": 1,
            "drawn": {"generator": GENERATOR, "bits_max": MODEL_BITS_MAX},
            "noise": noise,
            "calibrated_at": self._calibrated_at,
            "calibration_fingerprint": qiskit_circuits.calibration_fingerprint(self._device.calibrated),
            "packages": packages,
        }
        self.capabilities = Capabilities(
            backend=self._device.name,
            version=packages["qiskit-aer"],
            lane="simulator",
            qubits_max=min(qubits_max, self._device.qubits),
            shots_max=SHOTS_MAX,
            noise=noise,
            estimates=True,
            memory=True,
            calibrated_at=self._calibrated_at,
            health=health,
        )

    def calibration(self) -> Calibration:
        return self._device.calibration()

    def key_of(self, template: Circuit) -> str:
        return fingerprint([template.fingerprint, self._key])

    def fit(self, circuit: Any, how: Transpilation = AS_USUAL) -> Fitted:
        """The circuit on the device. Routing may take some qubits more than the circuit has."""
        fitted, space = self._device.fit(circuit, how), self.space
        used = len(fitted.active)
        if used > space.qubits_max + ROUTING_QUBITS_MAX or statevector_bytes(used) > space.memory_bytes_max:
            raise TooManyQubits(
                f"The circuit takes {used} qubits of {self._device.name}, more than its noise is simulated for.",
                remedy=NOISY_REMEDY,
            )
        return fitted

    def fit_template(self, circuit: Any, how: Transpilation = AS_USUAL) -> Fitted:
        return self.fit(circuit, how)

    def transpiler(self, how: Transpilation) -> Mapping[str, Any]:
        return self._device.transpilers.told(how)

    def check_template(self, template: Circuit, plain: OpenCircuit, made: OpenCircuit) -> Equivalence:
        """Compare what both would measure at random angles, without noise."""
        angles = np.random.default_rng(EQUIVALENCE_SEED).uniform(-np.pi, np.pi, size=template.slots).tolist()
        asked, done = (read_back(each.bind(angles)) for each in (plain, made))
        return same_outcomes(asked, done)

    def check_circuit(self, circuit: Circuit, convert: Callable[[Circuit], Any]) -> Equivalence:
        """Compare the exact outcomes with those of what was asked for, at its own angles and at random ones."""
        generic = at_random_angles(circuit, np.random.default_rng(EQUIVALENCE_SEED))
        chosen = (circuit,) if generic == circuit else (circuit, generic)
        found = [same_outcomes(each, read_back(convert(each))) for each in chosen]
        return Equivalence(found[0].method, sum(each.inputs for each in found), min(each.fidelity for each in found))

    def counts(self, bound: Any, fitted: Fitted, shots: int, seed: int) -> Drawn:
        simulator = a_simulator(self._cheapest(fitted, shots)[0], self.space.memory_bytes_max, fitted.noise)
        return Drawn(counts_of(simulator, bound, shots, seed))

    def memory(self, bound: Any, fitted: Fitted, shots: int, seed: int) -> tuple[int, ...]:
        simulator = a_simulator(self._cheapest(fitted, shots)[0], self.space.memory_bytes_max, fitted.noise)
        return memory_of(simulator, bound, shots, seed)

    def drawing(self, circuit: Circuit, made: OpenCircuit, fitted: Fitted) -> Drawing | None:  # noqa: ARG002
        return Drawing.of(made, fitted.readout) if 0 < len(fitted.readout) <= MODEL_BITS_MAX else None

    def draws(self, fitted: Fitted, shots: int) -> bool:
        """Where the whole density matrix is computed, it gives the probabilities too."""
        return self._cheapest(fitted, shots)[0] == "density_matrix"

    def probabilities(self, drawing: Drawing, fitted: Fitted, sets: Sequence[Sequence[float]]) -> list[Probabilities]:
        simulator = a_simulator("density_matrix", self.space.memory_bytes_max, fitted.noise)
        return drawing.probabilities(simulator, sets)

    def values(self, circuits: Sequence[Any], observable: PauliSum) -> tuple[float, ...]:  # noqa: ARG002
        raise UnusableProblem("A noisy target has no exact expectation values.", remedy="Ask for shots.")

    def seconds(self, fitted: Fitted, shots: int) -> float:
        return self._cheapest(fitted, shots)[1]

    def told(self, fitted: Sequence[Fitted], shots: int) -> dict[str, Any]:
        """The device and what the circuits became there: the first of them, the one that errs most among them."""
        shown = list(fitted[:TOLD_MAX])
        worst = min(fitted, key=lambda each: each.success, default=None)
        if worst is not None and worst not in shown:
            shown[-1] = worst
        circuits = [{**each.told(), "method": self._cheapest(each, shots)[0]} for each in shown]
        return {
            "target": {
                "name": self._device.name,
                "noise": "simulated noise model",
                "calibrated_at": self._calibrated_at,
                "circuits": circuits,
            },
            **({"method": circuits[0]["method"]} if circuits else {}),
        }

    def _cheapest(self, fitted: Fitted, shots: int) -> tuple[str, float]:
        """The method that takes less, and how many seconds: an upper guess."""
        qubits, widths = len(fitted.active), [len(each.qubits) for each in fitted.operations]
        two = sum(width > 1 for width in widths)
        trajectories = shots * len(widths) * (TRAJECTORY_GATE_S + TRAJECTORY_S * 2**qubits)
        density = ((len(widths) - two) * DENSITY_GATE_1Q_S + two * DENSITY_GATE_2Q_S) * 4**qubits
        if density <= trajectories and statevector_bytes(2 * qubits) <= self.space.memory_bytes_max:
            return "density_matrix", RUN_S + density
        return "statevector", RUN_S + trajectories


@lru_cache(maxsize=2)
def open_provider(
    device: str, qubits_max: int, memory_bytes_max: int, calibrated_at: str, health: float
) -> AerProvider:
    """The provider of this process: made once, so that its templates stay."""
    return AerProvider(
        NoisyTarget(
            device=device,
            qubits_max=qubits_max,
            memory_bytes_max=memory_bytes_max,
            calibrated_at=calibrated_at,
            health=health,
        )
    )
