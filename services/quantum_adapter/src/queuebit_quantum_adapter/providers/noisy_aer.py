"""A device's noise on this machine: Aer under a noise model of the qubits that a circuit really uses. In worker processes only.

The device is one of the fake backends of qiskit-ibm-runtime (extra `noise`): its coupling, gates and calibrated errors.
Circuits are transpiled for it and then carried over to their active qubits alone: 133 mostly idle qubits cost 50 times more
and change nothing. Every gate is followed by depolarising noise of its calibrated error, every readout is wrong as often as
calibrated; what idle qubits suffer is left out.
"""

from __future__ import annotations

import time
from functools import lru_cache
from importlib.metadata import version
from math import prod
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error
from qiskit_ibm_runtime import fake_provider  # type: ignore[import-untyped]

from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.circuits import BoundCircuit, Template
from queuebit_quantum_adapter.equivalence import Equivalence
from queuebit_quantum_adapter.errors import NoBackend, NotEquivalent, RunFailed, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.ports import Batch, Capabilities, Request, Samples, Submission
from queuebit_quantum_adapter.providers.aer import AerProvider, Cached
from queuebit_quantum_adapter.providers.aer_batches import EQUIVALENCE_SEED
from queuebit_quantum_adapter.providers.qiskit_circuits import QiskitTemplate, to_qiskit

LEVEL = 2
TRANSPILER_SEED = 7
DENSITY_QUBITS_MAX = 10
"""Up to here the density matrix is simulated, above trajectories."""
CHECKED_QUBITS_MAX = 12
TOLERANCE = 1e-9


class NoisyAerProvider(AerProvider):
    """One noisy device in this process. It samples templates; batches of free circuits are refused."""

    def __init__(self, *, device: str, qubits_max: int, memory_bytes_max: int) -> None:
        super().__init__(qubits_max=qubits_max, memory_bytes_max=memory_bytes_max)
        maker = getattr(fake_provider, device, None)
        if maker is None:
            raise NoBackend(f"There is no fake device {device[:60]!r}.")
        self._device = maker()
        self._device_name = f"{self._device.name} (calibrated gate and readout errors)"
        self._preset = generate_preset_pass_manager(
            optimization_level=LEVEL, backend=self._device, seed_transpiler=TRANSPILER_SEED
        )
        self._packages = {**self._packages, "qiskit-ibm-runtime": version("qiskit-ibm-runtime")}
        self._target_key = fingerprint([self._device.name, self._packages, LEVEL, TRANSPILER_SEED])
        self._record = {
            "transpiler": {"passes": ["preset"], "optimization_level": LEVEL, "seed": TRANSPILER_SEED},
            "threads": 1,
            "noise": self._device_name,
            "packages": self._packages,
        }
        self._layouts: dict[str, list[int]] = {}

    def capabilities(self) -> Capabilities:
        ideal = super().capabilities()
        qubits_max = min(self._qubits_max, self._device.num_qubits)
        return Capabilities(
            self._device.name, ideal.version, ideal.lane, qubits_max, ideal.shots_max, noise=self._device_name
        )

    def preflight(self, request: Request) -> None:
        if isinstance(request, Batch):
            raise UnusableProblem("This noisy target samples problems only, no circuits of any form.")
        super().preflight(request)

    def success(self, circuit: BoundCircuit) -> float:
        """The product of 1 - error over the gates and readouts of the circuit as the device would run it."""
        if circuit.template.qubits > self._device.num_qubits:
            raise TooManyQubits(f"The device has {self._device.num_qubits} qubits.")
        cached = self._transpiled(circuit.template)
        layout = self._layouts[cached.key]
        return prod(
            1
            - self._error(item.operation.name, [layout[cached.template.circuit.find_bit(q).index] for q in item.qubits])
            for item in cached.template.circuit.data
        )

    def _run_template(self, submission: Submission) -> Samples:
        samples = super()._run_template(submission)
        cached = self._transpiled(submission.circuit.template)
        layout = self._layouts[cached.key]
        method = self._method(len(layout))
        return Samples(samples.counts, {**samples.record, "layout": layout, "method": method}, samples.timing)

    def _transpiled(self, template: Template) -> Cached:
        key = fingerprint([template.fingerprint, self._target_key])
        if key in self._templates:
            self._templates.move_to_end(key)
            return self._templates[key]
        begun = time.perf_counter()
        plain = to_qiskit(template)
        compact, layout = on_active_qubits(self._preset.run(plain.circuit))
        made = QiskitTemplate(compact, plain.angles)
        found = same_distribution(plain, made, template.slots)
        self._layouts[key] = layout
        return self._keep(Cached(made, key, found, time.perf_counter() - begun))

    def _sample(self, bound: Any, submission: Submission) -> dict[int, int]:
        layout = self._layouts[self._transpiled(submission.circuit.template).key]
        simulator = AerSimulator(
            method=self._method(len(layout)),
            noise_model=self._noise_model(bound, layout),
            max_parallel_threads=1,
            max_parallel_experiments=1,
            max_parallel_shots=1,
            max_memory_mb=self._memory_bytes_max // 2**20,
        )
        return self._counts(simulator, bound, submission)

    def _method(self, qubits: int) -> str:
        return "density_matrix" if qubits <= DENSITY_QUBITS_MAX else "statevector"

    def _error(self, name: str, physical: list[int]) -> float:
        """The calibrated error of an operation on these qubits of the device; 0 where none is known."""
        properties = self._device.target[name].get(tuple(physical)) if name in self._device.target else None
        return float(properties.error or 0.0) if properties is not None else 0.0

    def _noise_model(self, circuit: Any, layout: list[int]) -> NoiseModel:
        """The errors of the operations that the circuit really has."""
        model = NoiseModel(basis_gates=[name for name in self._device.target.operation_names if name != "delay"])
        seen: set[tuple[str, tuple[int, ...]]] = set()
        for item in circuit.data:
            name, qubits = item.operation.name, tuple(circuit.find_bit(q).index for q in item.qubits)
            if (name, qubits) in seen:
                continue
            seen.add((name, qubits))
            error = self._error(name, [layout[q] for q in qubits])
            if name == "measure":
                model.add_readout_error(ReadoutError([[1 - error, error], [error, 1 - error]]), qubits)
            elif error:
                strongest = 1 - 4.0 ** -len(qubits)
                mixed = min(error * 2 ** len(qubits) / (2 ** len(qubits) - 1), 1 / strongest)
                model.add_quantum_error(depolarizing_error(mixed, len(qubits)), name, qubits)
        return model


def on_active_qubits(circuit: Any) -> tuple[Any, list[int]]:
    """The circuit on the qubits that it uses, in their order, and which qubits of the device these are."""
    used = sorted({circuit.find_bit(qubit).index for item in circuit.data for qubit in item.qubits})
    place = {physical: index for index, physical in enumerate(used)}
    compact = QuantumCircuit(len(used), circuit.num_clbits, global_phase=circuit.global_phase)
    for item in circuit.data:
        if item.operation.name in ("barrier", "delay"):
            continue
        qubits = [place[circuit.find_bit(qubit).index] for qubit in item.qubits]
        compact.append(item.operation, qubits, [circuit.find_bit(bit).index for bit in item.clbits])
    return compact, used


def same_distribution(plain: QiskitTemplate, made: QiskitTemplate, slots: int) -> Equivalence:
    """Compare what both would measure at random angles, without noise. Raises NotEquivalent. Large ones are not compared."""
    if made.circuit.num_qubits > CHECKED_QUBITS_MAX:
        return Equivalence("not compared: too many qubits", 0, 1.0)
    angles = np.random.default_rng(EQUIVALENCE_SEED).uniform(-np.pi, np.pi, size=slots).tolist()
    first, second = (_probabilities(each.bind(angles)) for each in (plain, made))
    fidelity = float(np.sqrt(first * second).sum() ** 2)
    if abs(1 - fidelity) > TOLERANCE:
        raise NotEquivalent(f"The transpiled circuit has another distribution: fidelity {fidelity:.9f}.")
    return Equivalence("distribution at random angles", 1, fidelity)


def _probabilities(circuit: Any) -> Any:
    """The exact distribution of the classical bits."""
    at = {
        circuit.find_bit(item.clbits[0]).index: circuit.find_bit(item.qubits[0]).index
        for item in circuit.data
        if item.operation.name == "measure"
    }
    bare = circuit.remove_final_measurements(inplace=False)
    if bare.num_qubits != circuit.num_qubits:
        raise RunFailed("The circuit measures before its end.")
    return Statevector(bare).probabilities([at[bit] for bit in range(len(at))])


@lru_cache(maxsize=2)
def open_provider(device: str, qubits_max: int, memory_bytes_max: int) -> NoisyAerProvider:
    """The provider of this process: made once, so that its templates stay."""
    return NoisyAerProvider(device=device, qubits_max=qubits_max, memory_bytes_max=memory_bytes_max)
