"""A device as its snapshot tells: circuits fitted to it, and the noise of what they do there. In worker processes only.

A circuit is transpiled for the device's couplings and gates and then carried over to the qubits that it uses: 127 mostly idle
qubits cost 50 times more and change nothing. The noise is what Aer derives from the snapshot: after every gate depolarising and
thermal relaxation that together make the calibrated error, and readout that is wrong as often as calibrated, which for a 1 may
be more often than for a 0. What qubits suffer while they wait is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import prod
from typing import Any

from qiskit.exceptions import QiskitError
from qiskit.transpiler import Target
from qiskit_aer.noise import NoiseModel, ReadoutError
from qiskit_aer.noise.device.models import basic_device_gate_errors
from qiskit_ibm_runtime import fake_provider  # type: ignore[import-untyped]

from queuebit_quantum_adapter.backends.conditions import Calibration
from queuebit_quantum_adapter.errors import NoBackend, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.ports import Transpilation
from queuebit_quantum_adapter.providers.active_qubits import IGNORED, on_active_qubits
from queuebit_quantum_adapter.providers.aer.fitted import Fitted, Placed
from queuebit_quantum_adapter.providers.calibration import calibration_of
from queuebit_quantum_adapter.providers.transpilers import Transpilers

LEVEL = 2
TRANSPILER_SEED = 7
NO_GATES = frozenset({"measure", "reset", "delay", "if_else", "for_loop", "while_loop", "switch_case"})
READ_BY_HAND = frozenset({"measure", "if_else"})
REMEDY = "Use another device, as fake_sherbrooke, or the target exact."


class NoisyDevice:
    """One device of the fake provider, by the name of its class."""

    def __init__(self, maker: str) -> None:
        made = getattr(fake_provider, maker, None)
        if made is None:
            raise NoBackend(f"There is no fake device {maker[:60]!r}.")
        self._backend = made()
        self.name = str(self._backend.name)
        self.qubits = int(self._backend.num_qubits)
        self._target = working(self._backend.target)
        self.transpilers = Transpilers(self._target, LEVEL, TRANSPILER_SEED)

    def calibration(self) -> Calibration:
        """How well it was calibrated."""
        return calibration_of(self._backend.target)

    def fit(self, circuit: Any, how: Transpilation) -> Fitted:
        """Transpile a circuit, its angles open or not. Raises TooManyQubits or UnusableProblem."""
        if circuit.num_qubits > self.qubits:
            raise TooManyQubits(f"The circuit has {circuit.num_qubits} qubits; {self.name} has {self.qubits}.")
        for name in {"reset", "if_else"} & {item.name for item in operations_of(circuit)}:
            if name not in self._target:
                raise UnusableProblem(
                    f"The circuit needs the operation {name}, which {self.name} lacks.", remedy=REMEDY
                )
        passes = self.transpilers.of(how, circuit.num_qubits, self.name)
        try:
            made = passes.run(circuit)
        except QiskitError as error:
            detail = f"The circuit cannot be fitted to {self.name}: {str(error.message)[:200]}."
            raise UnusableProblem(detail, remedy=REMEDY) from error
        compact, active = on_active_qubits(made)
        layout = range(circuit.num_qubits) if made.layout is None else made.layout.initial_index_layout(True)
        operations = tuple(each for each in operations_of(compact) if each.name not in IGNORED)
        gates = prod(1 - self._error(each, active) for each in operations if each.name != "measure")
        success = gates * prod(1 - self._error(each, active) for each in operations if each.name == "measure")
        noise, readout = self._noise(operations, active), self._misread(compact, active)
        return Fitted(compact, active, tuple(layout), operations, noise, success, gates, readout)

    def _error(self, each: Placed, active: Sequence[int]) -> float:
        """The calibrated error of an operation, from 0 to 1; 0 where none is known."""
        properties = self._properties(each.name, tuple(active[qubit] for qubit in each.qubits))
        return min(1.0, float(getattr(properties, "error", None) or 0.0))

    def _properties(self, name: str, physical: tuple[int, ...]) -> Any:
        known = self._target.get(name)
        return None if known is None else known.get(physical)

    def _noise(self, operations: Sequence[Placed], active: Sequence[int]) -> NoiseModel:
        """The noise of these operations, by Aer's own reading of a target that has nothing else."""
        distinct = sorted(set(operations), key=lambda each: (each.name, each.qubits))
        reduced = Target(num_qubits=len(active), qubit_properties=self._qubit_properties(active))
        for name in sorted({each.name for each in distinct} - READ_BY_HAND):
            places = {
                each.qubits: self._properties(name, tuple(active[qubit] for qubit in each.qubits))
                for each in distinct
                if each.name == name
            }
            reduced.add_instruction(self._target.operation_from_name(name), places)
        model = NoiseModel(basis_gates=sorted(self._target.operation_names - NO_GATES))
        for name, qubits, error in basic_device_gate_errors(target=reduced):
            model.add_quantum_error(error, name, qubits)
        for each in distinct:
            if each.name == "measure":
                model.add_readout_error(self._readout(active[each.qubits[0]]), each.qubits)
        return model

    def _qubit_properties(self, active: Sequence[int]) -> list[Any] | None:
        known = self._target.qubit_properties
        return None if known is None else [known[physical] for physical in active]

    def _misread(self, compact: Any, active: Sequence[int]) -> tuple[tuple[int, float, float], ...]:
        """How wrong each classical bit is read; nothing where something follows on a measurement, or a bit is read twice."""
        read: dict[int, int] = {}
        for item in compact.data:
            qubits = [compact.find_bit(qubit).index for qubit in item.qubits]
            if item.operation.name == "measure":
                clbit = compact.find_bit(item.clbits[0]).index
                if clbit in read:
                    return ()
                read[clbit] = qubits[0]
            elif item.clbits or (item.operation.name not in IGNORED and set(qubits) & set(read.values())):
                return ()
        if len(set(read.values())) < len(read):
            return ()
        return tuple((clbit, *self._wrong(active[qubit])) for clbit, qubit in sorted(read.items()))

    def _readout(self, physical: int) -> ReadoutError:
        one, zero = self._wrong(physical)
        return ReadoutError([[1 - one, one], [zero, 1 - zero]])

    def _wrong(self, physical: int) -> tuple[float, float]:
        """How often a 0 of a qubit is read as 1, and a 1 as 0."""
        known = self.calibrated.qubit_property(physical)
        both = [
            known.get(name, known.get("readout_error", (0.0,)))[0] for name in ("prob_meas1_prep0", "prob_meas0_prep1")
        ]
        one, zero = (min(1.0, float(value)) for value in both)
        return one, zero

    @cached_property
    def calibrated(self) -> Any:
        """All that was measured of the device."""
        return self._backend.properties()


def working(target: Target) -> Target:
    """A target without what is out of order: the gates and readouts whose calibrated error is 1."""
    made = Target(num_qubits=target.num_qubits, dt=target.dt, qubit_properties=target.qubit_properties)
    for name, places in target.items():
        operation = target.operation_from_name(name)
        if isinstance(operation, type):
            made.add_instruction(operation, name=name)
            continue
        works = {at: each for at, each in places.items() if each is None or (each.error or 0) < 1}
        made.add_instruction(operation, works, name=name)
    return made


def operations_of(circuit: Any, at: Sequence[int] | None = None) -> Iterator[Placed]:
    """All operations, those inside branches on the qubits that the branch has there."""
    for item in circuit.data:
        here = [circuit.find_bit(qubit).index for qubit in item.qubits]
        qubits = tuple(here if at is None else (at[qubit] for qubit in here))
        yield Placed(item.operation.name, qubits)
        for block in getattr(item.operation, "blocks", ()):
            yield from operations_of(block, qubits)
