"""Reading circuits: OpenQASM 2 as a whole, and of OpenQASM 3 what circuits of gates, measurements and conditions need.

What is not supported is refused by its name, with line, column and remedy, and what would expand into too much is refused by
counting before it is expanded. Nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Callable

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.cost import QUBITS_DEVICE_MAX, QUBITS_EXACT_MAX, affordable
from queuebit_circuits.qasm.parser import Parser
from queuebit_circuits.qasm.run import Run
from queuebit_circuits.qasm.source import Source, check_length

STACK_WORDS = 20_000


def read_circuit(text: str, *, file_name: str = "", to_run: bool = False) -> Circuit:
    """The circuit that an OpenQASM text states, in version 2 or 3 as its header says.

    `to_run`: refuse what is too large for every lane.

    Raises UnreadableCircuit with the line, what is wrong, and the remedy.
    """
    return _with_room(_read, Source(text, file_name), to_run)


def _read(source: Source, to_run: bool) -> Circuit:
    check_length(source)
    parser = Parser(source)
    version = parser.header()
    run = Run(source, version)
    found = run.circuit(parser.statements())
    if to_run and found.qubits > QUBITS_DEVICE_MAX and not affordable(found):
        raise source.error(
            run.wide_at,
            f"the circuit has {found.qubits} qubits; no lane runs more than {QUBITS_DEVICE_MAX}, "
            f"or {QUBITS_EXACT_MAX} that gates act on",
            "Use fewer qubits; --tier batch takes more than interactive, --tier scheduled the most.",
        )
    return found


def _with_room(read: Callable[[Source, bool], Circuit], source: Source, to_run: bool) -> Circuit:
    return read(source, to_run)


_with_room.__code__ = _with_room.__code__.replace(co_stacksize=STACK_WORDS)
# CPython keeps the frames of calls in pieces of memory of a few hundred words. A loop that happens to call across the end of
# one allocates and frees the next at each turn, which doubles what reading takes; a text can aim at that by its nesting. A
# frame that fits no such piece gets a large one, and all calls within it share that.
