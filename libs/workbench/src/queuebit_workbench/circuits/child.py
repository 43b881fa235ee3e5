"""What runs in a process that may be killed: a file of Qiskit's read, a circuit fitted to a device, a backend asked."""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from queuebit_circuits.circuit import Bound, Circuit, Measure, Register
from queuebit_circuits.drawing import Drawn, Picture, picture_of, shown
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.gates import GATES
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.qasm.scope import CLBITS_MAX, OPERATIONS_MAX, QUBITS_MAX
from queuebit_circuits.text import qubit_register, to_qasm3
from queuebit_quantum_adapter.errors import AdapterError, UnusableProblem
from queuebit_quantum_adapter.ports import Request
from queuebit_workbench.circuits.values import Ask, Estimate, Fit, Fitting, Stats

Progress = Callable[[Any], None]
QUIET = frozenset({"barrier", "delay"})
PLAIN = QUIET | {"measure", "reset"}


def read_qpy(content: bytes, on_progress: Progress) -> Circuit:
    """The one circuit in a file of QPY. Whatever the file makes of this process ends with it. Raises UnusableProblem."""
    del on_progress
    from qiskit import QuantumCircuit, qpy

    from queuebit_quantum_adapter.providers.read_back import read_back

    try:
        found = qpy.load(io.BytesIO(content))
    except Exception as error:
        raise UnusableProblem(f"The file is no QPY that can be read: {type(error).__name__}.") from error
    if len(found) != 1:
        raise UnusableProblem(f"The file holds {len(found)} circuits, not one.")
    made = found[0]
    if not isinstance(made, QuantumCircuit):
        raise UnusableProblem("The file holds a schedule of pulses, not a circuit.")
    if made.num_qubits > QUBITS_MAX or made.num_clbits > CLBITS_MAX:
        raise UnusableProblem(f"The circuit has more than {QUBITS_MAX} qubits or {CLBITS_MAX} bits.")
    if made.parameters:
        raise UnusableProblem("The circuit has open parameters.", remedy="Bind them before it is written.")
    if _check(made) > OPERATIONS_MAX:
        raise UnusableProblem(f"The circuit has more than {OPERATIONS_MAX} operations.")
    read = read_back(made)
    return replace(read, registers=_registers(made) or read.registers)


def write_qpy(circuit: Circuit, on_progress: Progress) -> bytes:
    """The circuit as a file of QPY."""
    del on_progress
    from qiskit import qpy

    file = io.BytesIO()
    qpy.dump(_named(circuit), file)
    return file.getvalue()


def write_qasm2(circuit: Circuit, on_progress: Progress) -> str:
    """The circuit as OpenQASM 2. Raises UnusableProblem where that has no words for it."""
    del on_progress
    from qiskit import qasm2

    try:
        return str(qasm2.dumps(_plain(circuit)))
    except qasm2.QASM2Error as error:
        raise UnusableProblem(
            f"OpenQASM 2 has no words for it: {str(error)[:200]}", remedy="Write version 3."
        ) from error


def fit(asked: Fit, on_progress: Progress) -> Fitting:
    """Draw and count a circuit, fitted to its target where one is named. Raises AdapterError."""
    del on_progress
    plain = _plain(asked.circuit)
    if asked.target is None:
        return Fitting(picture_of(asked.circuit, "as stated"), _stats(plain, None))
    from qiskit.exceptions import QiskitError
    from qiskit.transpiler import generate_preset_pass_manager
    from qiskit_ibm_runtime import fake_provider  # type: ignore[import-untyped]

    from queuebit_quantum_adapter.backends.snapshots import snapshot_of
    from queuebit_quantum_adapter.providers.aer.noisy_device import working

    snapshot = snapshot_of(asked.target)
    target = working(getattr(fake_provider, snapshot.maker)().target)
    if not all(0 <= qubit < target.num_qubits for qubit in asked.layout):
        raise UnusableProblem(f"A layout on {asked.target} has its qubits, from 0 to {target.num_qubits - 1}.")
    try:
        passes = generate_preset_pass_manager(
            optimization_level=asked.level,
            target=target,
            seed_transpiler=asked.seed,
            initial_layout=list(asked.layout) or None,
        )
        made = passes.run(plain)
    except (QiskitError, ValueError) as error:
        raise UnusableProblem(f"It cannot be fitted to {asked.target}: {str(error)[:200]}") from error
    layout = () if made.layout is None else tuple(made.layout.initial_index_layout(True))
    stats = _stats(made, target, layout)
    title = f"on {asked.target}, optimisation level {asked.level}, seed {asked.seed}"
    return Fitting(_picture(made, title), stats, snapshot.calibrated_at)


def ask(asked: Ask, on_progress: Progress) -> Estimate:
    """What a backend expects of a circuit; why it refuses it, where it does."""
    del on_progress
    from queuebit_quantum_adapter.submissions.running import open_provider

    spec = asked.spec
    try:
        provider = open_provider(spec)
        told = provider.capabilities()
        found = provider.preflight(Request((Bound(asked.circuit),), (0,), asked.shots))
    except AdapterError as error:
        return Estimate(spec.name, spec.lane, refused=str(error)[:200])
    cost = Counter[str]()
    for part in found.cost:
        cost[part.currency] += part.amount  # type: ignore[assignment]
    success = 1.0 if found.success is None and told.noise == "ideal" else found.success
    return Estimate(spec.name, spec.lane, success, found.seconds, dict(cost), found.cost_at_least)


def _check(made: Any) -> int:
    """How many operations it has. Raises UnusableProblem for a gate of its own, whose name says nothing of what it does."""
    count = 0
    for item in made.data:
        name = item.operation.name
        blocks = item.operation.blocks if name == "if_else" else ()
        known = name in GATES or name == "ecr"
        if not (blocks or name in PLAIN or (known and item.is_standard_gate())):
            raise UnusableProblem(f"The circuit has an operation {name[:60]!r}, which is no gate that is read here.")
        count += 1 + sum(map(_check, blocks))
    return count


def _registers(made: Any) -> tuple[Register, ...]:
    """The classical registers by their names; none where they are not all bits one after the other, or a name is no word."""
    found = tuple(Register(each.name, each.size) for each in made.cregs)
    places = [made.find_bit(bit).index for register in made.cregs for bit in register]
    plain = all(each.name.isascii() and each.name.isidentifier() for each in found)
    if not found or not plain or places != list(range(made.num_clbits)):
        return ()
    try:
        read_circuit(to_qasm3(Circuit(1, found, (Measure(0, 0),))))
    except UnreadableCircuit:
        return ()
    return found


def _named(circuit: Circuit) -> Any:
    """As Qiskit has it, its classical registers by their names."""
    from qiskit.circuit import ClassicalRegister, QuantumCircuit, QuantumRegister

    made = _plain(circuit)
    registers = [ClassicalRegister(each.size, each.name) for each in circuit.registers]
    qubits = QuantumRegister(circuit.qubits, qubit_register(circuit))
    named = QuantumCircuit(qubits, *registers, global_phase=made.global_phase)
    return named.compose(made, named.qubits, named.clbits)


def _plain(circuit: Circuit) -> Any:
    from queuebit_quantum_adapter.providers.qiskit_conversion import to_open_circuit

    return to_open_circuit(circuit).circuit


def _stats(made: Any, target: Any, layout: tuple[int, ...] = ()) -> Stats:
    named = Counter(item.operation.name for item in made.data if item.operation.name not in QUIET)
    errors = [] if target is None else list(_errors(made, target))
    known = [error for error in errors if error is not None]
    used = {qubit for item in made.data if item.operation.name not in QUIET for qubit in item.qubits}
    return Stats(
        qubits=len(used),
        depth=made.depth(lambda item: item.operation.name not in QUIET),
        operations=dict(sorted(named.items())),
        two_qubit_gates=sum(_is_two(item) for item in made.data),
        two_qubit_depth=made.depth(_is_two),
        success=math.prod(1.0 - error for error in known) if known else None,
        unknown_errors=len(errors) - len(known),
        layout=layout,
    )


def _is_two(item: Any) -> bool:
    return len(item.qubits) == 2 and item.operation.name not in QUIET and not getattr(item.operation, "blocks", ())


def _errors(made: Any, target: Any) -> Iterator[float | None]:
    for item in made.data:
        if item.operation.name not in QUIET:
            places = target.get(item.operation.name)
            properties = None if places is None else places.get(tuple(made.find_bit(q).index for q in item.qubits))
            error = getattr(properties, "error", None)
            yield None if error is None else min(1.0, float(error))


def _picture(made: Any, title: str) -> Picture:
    """On the qubits of the device that it uses."""
    doing = [item for item in made.data if item.operation.name not in QUIET]
    used = sorted({made.find_bit(qubit).index for item in doing for qubit in item.qubits})
    place = {physical: wire for wire, physical in enumerate(used)}
    operations = []
    for item in doing:
        qubits = tuple(place[made.find_bit(qubit).index] for qubit in item.qubits)
        operations.append(Drawn(_label(made, item), qubits))
    return Picture(title, tuple(f"${physical}" for physical in used), tuple(operations))


def _label(made: Any, item: Any) -> str:
    name = item.operation.name
    if name == "measure":
        return f"M→{made.find_bit(item.clbits[0]).index}"
    if name == "reset":
        return "|0⟩"
    if blocks := getattr(item.operation, "blocks", ()):
        return f"{name}: {sum(len(block.data) for block in blocks)} ops"
    return shown(name, [float(value) for value in item.operation.params if isinstance(value, int | float)])
