"""Reading circuits: OpenQASM 2 as a whole, and of OpenQASM 3 what circuits of gates, measurements and conditions need.

What is not supported is refused by its name, with line, column and remedy, and what would expand into too much is refused by
counting before it is expanded. Nothing heavy is imported.
"""

from __future__ import annotations

from queuebit_problems.circuits.circuit import Circuit
from queuebit_problems.circuits.qasm.parser import Parser
from queuebit_problems.circuits.qasm.run import Run
from queuebit_problems.circuits.qasm.source import Source, check_length


def read_circuit(text: str, *, file_name: str = "") -> Circuit:
    """The circuit that an OpenQASM text states, in version 2 or 3 as its header says.

    Raises UnreadableFile with the line, what is wrong, and the remedy.
    """
    source = Source(text, file_name)
    check_length(source)
    parser = Parser(source)
    version = parser.header()
    return Run(source, version).circuit(parser.statements())
