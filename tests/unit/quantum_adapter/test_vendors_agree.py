"""The same angles give the same outcomes at every vendor, within shot noise; and a bit that is misread would be seen."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from queuebit_circuits.circuit import Bound, Branch, Circuit, Gate, Measure, Register, Reset, opened
from queuebit_quantum_adapter.errors import UnusableProblem
from queuebit_quantum_adapter.ports import Provider, Request
from queuebit_quantum_adapter.providers.qiskit_conversion import to_open_circuit
from tests.unit.quantum_adapter.vendors import P_MIN, a_circuit, alike, mirrored, on_aer, outcomes_of

CIRCUITS = tuple(a_circuit(qubits, 100 * qubits + seed) for qubits in range(1, 9) for seed in range(2))


def braket() -> Provider:
    pytest.importorskip("braket.devices", reason="the extra `braket` is not installed")
    from queuebit_quantum_adapter.providers.braket.local import LocalBraket

    return LocalBraket(qubits_max=8, memory_bytes_max=2**30)


ONE_WAY = {"method": "alternating", "parallel": False}
"""The outside tool proves it in one way and one thread: of several side by side, whichever is first decides."""
WORDS = """OPENQASM 3.0;
include "stdgates.inc";
gate i a { id a; }
gate si a { sdg a; }
gate ti a { tdg a; }
gate v a { sx a; }
gate vi a { s a; h a; s a; }
gate phaseshift(t) a { p(t) a; }
gate cnot a, b { cx a, b; }
gate cphaseshift(t) a, b { cp(t) a, b; }
gate cv a, b { h b; cp(pi/2) a, b; h b; }
gate ccnot a, b, c { ccx a, b, c; }
gate xx(t) a, b { h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b; }
gate yy(t) a, b { rx(pi/2) a; rx(pi/2) b; cx a, b; rz(t) b; cx a, b; rx(-pi/2) a; rx(-pi/2) b; }
gate zz(t) a, b { cx a, b; rz(t) b; cx a, b; }
"""
"""Braket's words by the standard's."""


def in_order(circuit: Circuit) -> Circuit:
    """The same gates, and each qubit read into the bit of its number, as the outside tool takes it for granted."""
    gates = tuple(each for each in circuit.operations if isinstance(each, Gate))
    reads = tuple(Measure(qubit, qubit) for qubit in range(circuit.qubits))
    return Circuit(circuit.qubits, (Register("c", circuit.qubits),), (*gates, *reads))


def rainbow() -> Provider:
    pytest.importorskip("cirq_google", reason="the extra `cirq` is not installed")
    from queuebit_quantum_adapter.providers.cirq.provider import CirqProvider

    return CirqProvider(processor="rainbow", qubits_max=8, memory_bytes_max=2**30)


VENDORS: dict[str, Callable[[], Provider]] = {"braket": braket, "cirq": rainbow}


@pytest.mark.parametrize("vendor", VENDORS)
def test_random_circuits_have_the_same_outcomes_at_every_vendor(vendor: str) -> None:
    theirs, ours = outcomes_of(VENDORS[vendor](), CIRCUITS), on_aer(CIRCUITS)

    pairs = list(zip(theirs, ours, CIRCUITS, strict=True))

    assert [circuit for left, right, circuit in pairs if alike(left, right) < P_MIN] == []
    misread = [alike(mirrored(left, each.clbits), right) < P_MIN for left, right, each in pairs]
    assert sum(misread) > len(CIRCUITS) / 2, "the comparison would not see bits that are read from the wrong end"


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("operations", "words"),
    [
        ((Measure(0, 0), Gate("x", (0,)), Measure(0, 1)), "at the end of a circuit only"),
        ((Measure(0, 0), Branch((0,), (1,), (Gate("x", (1,)),)), Measure(1, 1)), "no condition"),
        ((Reset(0), Measure(0, 0)), "no reset"),
        ((Measure(0, 0), Measure(1, 0)), "written twice"),
        ((Gate("h", (0,)),), "measures nothing"),
    ],
)
def test_what_a_machine_lacks_is_refused_in_words(
    vendor: str, operations: tuple[Gate | Measure | Reset | Branch, ...], words: str
) -> None:
    circuit = Circuit(2, (Register("c", 2),), operations)

    with pytest.raises(UnusableProblem, match=words):
        outcomes_of(VENDORS[vendor](), (circuit,))


def test_an_outside_tool_finds_the_text_for_braket_equivalent_and_another_one_not() -> None:
    qcec = pytest.importorskip("mqt.qcec", reason="mqt-qcec is not installed")
    pytest.importorskip("braket.devices", reason="the extra `braket` is not installed")
    from qiskit import qasm3

    from queuebit_quantum_adapter.providers.braket.programs import Programs
    from queuebit_quantum_adapter.providers.braket.text import WORD_OF

    programs = Programs("any", tuple(WORD_OF.values()))
    verdicts = []
    for circuit, other in pairwise(map(in_order, CIRCUITS[2:])):
        (text,) = programs.texts(Request((Bound(circuit),), (0,), 1))
        theirs = qasm3.loads(text.source.replace("OPENQASM 3.0;\n", WORDS))
        for asked in (circuit, other) if other.qubits == circuit.qubits else (circuit,):
            found = qcec.verify(to_open_circuit(opened(asked).circuit).bind(opened(asked).angles), theirs, **ONE_WAY)
            verdicts.append((asked is circuit, found.considered_equivalent()))

    assert verdicts == [(same, same) for same, _ in verdicts]
    assert (False, False) in verdicts
