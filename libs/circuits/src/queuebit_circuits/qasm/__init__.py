"""Reading circuits: OpenQASM 2 as a whole, and of OpenQASM 3 what circuits of gates, measurements and conditions need.

What is not supported is refused by its name, with line, column and remedy, and what would expand into too much is refused by
counting before it is expanded. Nothing heavy is imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.clifford import is_clifford
from queuebit_circuits.cost import QUBITS_DEVICE_MAX, QUBITS_EXACT_MAX, affordable
from queuebit_circuits.qasm.parser import Parser
from queuebit_circuits.qasm.run import Run
from queuebit_circuits.qasm.scope import STEPS_MAX
from queuebit_circuits.qasm.source import Source, check_length
from queuebit_circuits.qasm.templates import Templates

NO_INPUTS: Mapping[str, float] = MappingProxyType({})
_INPUT = re.compile(r"^\s*input\s+[a-z]+\s*(?:\[[^\]\n]*\])?\s*([^\W\d]\w*)\s*;", re.MULTILINE)
Use = Literal["read", "run", "sample"]
STACK_WORDS = 20_000
TEMPLATES = Templates()
"""Of this process."""


def read_circuit(
    text: str,
    *,
    file_name: str = "",
    to: Use = "read",
    inputs: Mapping[str, float] = NO_INPUTS,
    steps_max: int = STEPS_MAX,
) -> Circuit:
    """The circuit that an OpenQASM text states, in version 2 or 3 as its header says.

    `to` run or sample it: what is too large for every lane is refused; Clifford circuits are sampled whatever their width.
    `inputs`: the values of what the text declares as `input`. `steps_max`: what reading may take; it depends on the inputs too.

    Raises UnreadableCircuit with the line, what is wrong, and the remedy.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return TEMPLATES.circuit(
        text,
        inputs,
        f"{to} {steps_max}",
        lambda each, values: _with_room(_read, Source(each, file_name), to, values, steps_max),
    )


def input_names(text: str) -> tuple[str, ...]:
    """The names that a text declares as `input`, as far as a glance can tell."""
    return tuple(dict.fromkeys(_INPUT.findall(text)))


def _read(source: Source, to: Use, inputs: Mapping[str, float], steps_max: int = STEPS_MAX) -> Circuit:
    check_length(source)
    parser = Parser(source)
    version = parser.header()
    run = Run(source, version, inputs, steps_max)
    found = run.circuit(parser.statements())
    too_wide = to != "read" and found.qubits > QUBITS_DEVICE_MAX and not affordable(found)
    if too_wide and not (to == "sample" and is_clifford(found)):
        raise source.error(
            run.wide_at,
            f"the circuit has {found.qubits} qubits; no lane runs more than {QUBITS_DEVICE_MAX}, "
            f"or {QUBITS_EXACT_MAX} that gates act on, or more where only Clifford gates are sampled",
            "Use fewer qubits; --tier batch takes more than interactive, --tier scheduled the most.",
        )
    return found


def _with_room(
    read: Callable[[Source, Use, Mapping[str, float], int], Circuit],
    source: Source,
    to: Use,
    inputs: Mapping[str, float],
    steps_max: int,
) -> Circuit:
    return read(source, to, inputs, steps_max)


_with_room.__code__ = _with_room.__code__.replace(co_stacksize=STACK_WORDS)
# CPython keeps the frames of calls in pieces of memory of a few hundred words. A loop that happens to call across the end of
# one allocates and frees the next at each turn, which doubles what reading takes; a text can aim at that by its nesting. A
# frame that fits no such piece gets a large one, and all calls within it share that.
