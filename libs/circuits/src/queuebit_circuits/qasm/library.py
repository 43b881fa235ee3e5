"""Which gates a circuit may use: what the language has built in, and what its standard files add."""

from __future__ import annotations

from queuebit_circuits.gates import GATES

INCLUDES = {
    "stdgates.inc": frozenset({
        "p", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "rx", "ry", "rz", "cx", "cy", "cz", "cp", "crx", "cry",
        "crz", "ch", "swap", "ccx", "cswap", "cu", "CX", "phase", "cphase", "id", "u1", "u2", "u3",
    }),
    "qelib1.inc": frozenset(GATES) - {"U", "CX", "phase", "cphase", "ryy"},
}  # fmt: skip
"""The gates of each file that can be included; no other file is read."""

BUILT_IN = {2: frozenset({"U", "CX"}), 3: frozenset({"U", "gphase"})}
"""By the version of OpenQASM."""

_REFUSED: dict[str, tuple[str, str]] = {
    "def": ("subroutines", "Write their statements where they are called, or define a gate."),
    "extern": ("external functions", "Leave them out."),
    "return": ("subroutines", "Leave them out."),
    "while": ("loops of unknown length", "Write a for loop over a constant range."),
    "switch": ("switch statements", "Write if and else."),
    "break": ("leaving a loop early", "Write a for loop over a shorter range."),
    "continue": ("leaving a loop early", "Write the loop's body so that it is always run to its end."),
    "end": ("ending early", "Leave out what follows instead."),
    "box": ("boxes", "Write their statements without the box."),
    "delay": ("delays", "Leave them out: timing belongs to the device."),
    "duration": ("durations", "Leave them out: timing belongs to the device."),
    "stretch": ("durations", "Leave them out: timing belongs to the device."),
    "cal": ("pulse-level calibrations", "State gates; their calibration belongs to the device."),
    "defcal": ("pulse-level calibrations", "State gates; their calibration belongs to the device."),
    "defcalgrammar": ("pulse-level calibrations", "State gates; their calibration belongs to the device."),
    "array": ("arrays", "Declare one variable for each value."),
    "complex": ("complex numbers", "State real and imaginary parts where they are needed."),
    "input": ("input parameters", "State the value: a circuit is run as it is, so write `const` and the number."),
    "output": ("chosen outputs", "Leave out the word `output`: every bit is returned."),
    "opaque": ("opaque gates", "Define the gate by its body."),
    "readonly": ("arrays", "Declare one variable for each value."),
    "mutable": ("arrays", "Declare one variable for each value."),
}
REFUSED = {2: {"opaque": _REFUSED["opaque"]}, 3: _REFUSED}
"""Statements that are not supported, by version and first word: what they are, and what to write instead."""

WORDS = frozenset(_REFUSED) | {
    "OPENQASM", "include", "qreg", "creg", "gate", "barrier", "reset", "measure", "if", "else", "qubit", "bit", "const",
    "let", "for", "int", "uint", "float", "angle", "bool", "ctrl", "negctrl", "inv", "pow", "pragma",
}  # fmt: skip
"""First words of statements that are no calls of gates."""
