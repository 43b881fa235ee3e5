"""A device's noise on this machine: Aer, one circuit after the other, under the noise of a snapshot. In worker processes only.

Small circuits are simulated as a density matrix, others run by run (trajectories): whichever takes less by estimate.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
from qiskit_aer import AerSimulator

from queuebit_circuits.circuit import Circuit
from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.backends.limits import statevector_bytes
from queuebit_quantum_adapter.circuits import BoundCircuit, Template
from queuebit_quantum_adapter.errors import TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.ports import Batch, Capabilities, Readings, Request, Samples, Submission
from queuebit_quantum_adapter.providers.aer.batches import EQUIVALENCE_SEED, BatchRunner, counts_of
from queuebit_quantum_adapter.providers.aer.noisy_device import LEVEL, TRANSPILER_SEED, Fitted, NoisyDevice
from queuebit_quantum_adapter.providers.aer.provider import AerProvider, Cached
from queuebit_quantum_adapter.providers.qiskit_circuits import QiskitTemplate, to_qiskit
from queuebit_quantum_adapter.providers.qiskit_conversion import OpenCircuit, to_open_circuit
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


class NoisyAerProvider(AerProvider):
    """One noisy device in this process."""

    def __init__(
        self, *, device: str, qubits_max: int, memory_bytes_max: int, calibrated_at: str, health: float
    ) -> None:
        """`calibrated_at`: RFC 3339, or "" where it is not known. Raises NoBackend where there is no such device."""
        super().__init__(qubits_max=qubits_max, memory_bytes_max=memory_bytes_max)
        self._device = NoisyDevice(device)
        self._calibrated_at = calibrated_at or None
        self._health = health
        self._noise = f"{self._device.name} (simulated noise model)"
        self._packages = {**self._packages, "qiskit-ibm-runtime": version("qiskit-ibm-runtime")}
        self._target_key = fingerprint([self._device.name, self._packages, LEVEL, TRANSPILER_SEED])
        self._record = {
            "transpiler": {"passes": ["preset"], "optimization_level": LEVEL, "seed": TRANSPILER_SEED},
            "threads": 1,
            "noise": self._noise,
            "calibrated_at": self._calibrated_at,
            "packages": self._packages,
        }
        self._fitted: OrderedDict[str, Fitted] = OrderedDict()
        self._noisy = NoisyBatchRunner(self._simulator, self._passes, self._fit, self.simulate)
        self._batches = self._noisy

    def capabilities(self) -> Capabilities:
        ideal = super().capabilities()
        return Capabilities(
            self._device.name,
            ideal.version,
            ideal.lane,
            min(self._qubits_max, self._device.qubits),
            ideal.shots_max,
            noise=self._noise,
            calibrated_at=self._calibrated_at,
            health=self._health,
        )

    def preflight(self, request: Request) -> None:
        if isinstance(request, Batch) and request.observable is not None:
            raise UnusableProblem("A noisy target has no exact expectation values.", remedy="Ask for shots.")
        super().preflight(request)

    def success(self, circuit: BoundCircuit) -> float:
        """The product of 1 - error over the gates and readouts of the circuit as the device would run it."""
        self._fits(circuit.template.qubits)
        return self._fitted_of(circuit.template).success

    def seconds(self, request: Request) -> float:
        if isinstance(request, Batch):
            shots = request.shots or 0
            return sum(self._cheapest(self._noisy.fitted(each), shots)[1] for each in request.circuits)
        return self._cheapest(self._fitted_of(request.circuit.template), request.shots)[1]

    def told_of(self, request: Request) -> dict[str, Any]:
        """The device and what the circuits became there, the first of them."""
        if isinstance(request, Batch):
            fitted = [self._noisy.fitted(each) for each in request.circuits[:TOLD_MAX]]
            shots = request.shots or 0
        else:
            fitted, shots = [self._fitted_of(request.circuit.template)], request.shots
        return {
            "name": self._device.name,
            "noise": "simulated noise model",
            "calibrated_at": self._calibrated_at,
            "circuits": [{**each.told(), "method": self._cheapest(each, shots)[0]} for each in fitted],
        }

    def simulate(self, bound: Any, fitted: Fitted, shots: int, seed: int) -> dict[int, int]:
        """The counts of a circuit that was fitted. Raises RunFailed or TooMuchMemory."""
        method = self._cheapest(fitted, shots)[0]
        simulator = AerSimulator(
            method=method,
            noise_model=fitted.noise,
            max_parallel_threads=1,
            max_parallel_experiments=1,
            max_parallel_shots=1,
            max_memory_mb=self._memory_bytes_max // 2**20,
        )
        return counts_of(simulator, bound, shots, seed)

    def _run(self, request: Request) -> Samples | Readings:
        found = super()._run(request)
        record = {**found.record, "target": self.told_of(request)}
        if isinstance(found, Readings):
            return Readings(found.counts, found.values, {**record, "method": "noisy"}, found.timing)
        (first,) = record["target"]["circuits"]
        record |= {"layout": first["layout"], "method": first["method"]}
        return Samples(found.counts, record, found.timing)

    def _fitted_of(self, template: Template) -> Fitted:
        return self._fitted[self._transpiled(template).key]

    def _transpiled(self, template: Template) -> Cached:
        key = fingerprint([template.fingerprint, self._target_key])
        if key in self._templates:
            self._templates.move_to_end(key)
            return self._templates[key]
        begun = time.perf_counter()
        plain = to_qiskit(template)
        fitted = self._fit(plain.circuit)
        made = QiskitTemplate(fitted.circuit, plain.angles)
        found = same_distribution(plain, made, template.slots)
        self._fitted[key] = fitted
        kept = self._keep(Cached(made, key, found, time.perf_counter() - begun))
        for old in self._fitted.keys() - self._templates.keys():
            del self._fitted[old]
        return kept

    def _sample(self, bound: Any, submission: Submission) -> dict[int, int]:
        return self.simulate(bound, self._fitted_of(submission.circuit.template), submission.shots, submission.seed)

    def _fit(self, circuit: Any) -> Fitted:
        """The circuit on the device. Routing may take some qubits more than the circuit has. Raises AdapterError."""
        fitted = self._device.fit(circuit)
        used = len(fitted.active)
        if used > self._qubits_max + ROUTING_QUBITS_MAX or statevector_bytes(used) > self._memory_bytes_max:
            raise TooManyQubits(
                f"The circuit takes {used} qubits of {self._device.name}, more than its noise is simulated for.",
                remedy=NOISY_REMEDY,
            )
        return fitted

    def _cheapest(self, fitted: Fitted, shots: int) -> tuple[str, float]:
        """The method that takes less, and how many seconds: an upper guess."""
        qubits, widths = len(fitted.active), [len(each.qubits) for each in fitted.operations]
        two = sum(width > 1 for width in widths)
        trajectories = shots * len(widths) * (TRAJECTORY_GATE_S + TRAJECTORY_S * 2**qubits)
        density = ((len(widths) - two) * DENSITY_GATE_1Q_S + two * DENSITY_GATE_2Q_S) * 4**qubits
        if density <= trajectories and statevector_bytes(2 * qubits) <= self._memory_bytes_max:
            return "density_matrix", RUN_S + density
        return "statevector", RUN_S + trajectories


@dataclass(frozen=True, slots=True)
class FittedCircuit(OpenCircuit):
    """A form of circuits on the device, its angles open."""

    fitted: Fitted


class NoisyBatchRunner(BatchRunner):
    """Fits each form of circuits to the device, and compares its exact outcomes with those of what was asked for."""

    def __init__(
        self,
        simulator: Any,
        passes: Any,
        fit: Callable[[Any], Fitted],
        simulate: Callable[[Any, Fitted, int, int], dict[int, int]],
    ) -> None:
        super().__init__(simulator, passes)
        self._fit = fit
        self._simulate = simulate

    def fitted(self, circuit: Circuit) -> Fitted:
        """The circuit as the device runs it."""
        made = self._form(circuit).open
        assert isinstance(made, FittedCircuit)
        return made.fitted

    def _opened(self, circuit: Circuit) -> OpenCircuit:
        plain = to_open_circuit(circuit)
        fitted = self._fit(plain.circuit)
        return FittedCircuit(fitted.circuit, plain.parameters, fitted)

    def _compared(self, circuit: Circuit) -> Equivalence:
        """At its own angles and at random ones. Raises NotEquivalent."""
        generic = at_random_angles(circuit, np.random.default_rng(EQUIVALENCE_SEED))
        chosen = (circuit,) if generic == circuit else (circuit, generic)
        found = [same_outcomes(each, read_back(self.converted(each))) for each in chosen]
        return Equivalence(found[0].method, sum(each.inputs for each in found), min(each.fidelity for each in found))

    def _counts(self, circuit: Circuit, shots: int, seed: int) -> dict[int, int]:
        return self._simulate(self.converted(circuit), self.fitted(circuit), shots, seed)


def same_distribution(plain: QiskitTemplate, made: QiskitTemplate, slots: int) -> Equivalence:
    """Compare what both would measure at random angles, without noise. Raises NotEquivalent."""
    angles = np.random.default_rng(EQUIVALENCE_SEED).uniform(-np.pi, np.pi, size=slots).tolist()
    asked, done = (read_back(each.bind(angles)) for each in (plain, made))
    return same_outcomes(asked, done)


@lru_cache(maxsize=2)
def open_provider(
    device: str, qubits_max: int, memory_bytes_max: int, calibrated_at: str, health: float
) -> NoisyAerProvider:
    """The provider of this process: made once, so that its templates stay."""
    return NoisyAerProvider(
        device=device,
        qubits_max=qubits_max,
        memory_bytes_max=memory_bytes_max,
        calibrated_at=calibrated_at,
        health=health,
    )
