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

EXTRAS = """
gate rzx(t) a, b { h b; cx a, b; rz(t) b; cx a, b; h b; }
gate iswap a, b { s a; s b; h a; cx a, b; cx b, a; h b; }
gate dcx a, b { cx a, b; cx b, a; }
gate ecr a, b { s a; sx b; cx a, b; x a; }
gate cs a, b { cp(pi/2) a, b; }
gate csdg a, b { cp(-pi/2) a, b; }
gate ccz a, b, c { h c; ccx a, b, c; h c; }
gate r(t, f) a { rz(-f) a; rx(t) a; rz(f) a; }
"""
"""Gates that programs write by name although no standard file has them, as Qiskit defines them. A definition of the text goes
before.
"""
BRAKET = """
gate i a { id a; }
gate si a { sdg a; }
gate ti a { tdg a; }
gate v a { sx a; }
gate vi a { sxdg a; }
gate cnot a, b { cx a, b; }
gate cv a, b { csx a, b; }
gate ccnot a, b, c { ccx a, b, c; }
gate phaseshift(t) a { p(t) a; }
gate cphaseshift(t) a, b { cp(t) a, b; }
gate cphaseshift00(t) a, b { x a; x b; cp(t) a, b; x a; x b; }
gate cphaseshift01(t) a, b { x a; cp(t) a, b; x a; }
gate cphaseshift10(t) a, b { x b; cp(t) a, b; x b; }
gate xx(t) a, b { rxx(t) a, b; }
gate yy(t) a, b { ryy(t) a, b; }
gate zz(t) a, b { rzz(t) a, b; }
gate xy(t) a, b { rxx(-t/2) a, b; ryy(-t/2) a, b; }
gate pswap(t) a, b { swap a, b; p(t) a; p(t) b; cp(-2*t) a, b; }
gate gpi(t) a { x a; rz(2*t) a; }
gate gpi2(t) a { rz(-t) a; rx(pi/2) a; rz(t) a; }
gate ms(f, g, t) a, b { rz(-f) a; rz(-g) b; rxx(t) a, b; rz(f) a; rz(g) b; }
gate prx(t, f) a { rz(-f) a; rx(t) a; rz(f) a; }
"""
"""Gates that Amazon Braket has built in, beside those of the standard file: of texts of version 3 that include nothing."""
ELSEWHERE = {
    "cnot": "cx", "ccnot": "ccx", "toffoli": "ccx", "fredkin": "cswap", "phaseshift": "p", "cphaseshift": "cp", "si": "sdg",
    "ti": "tdg", "v": "sx", "vi": "sxdg", "i": "id", "sdag": "sdg", "tdag": "tdg", "cphase": "cp", "phase": "p",
}  # fmt: skip
"""What other languages call gates that have a name here."""

IDLE = frozenset({"delay", "wait", "idle"})
"""Opaque gates that pass time, which a circuit without noise does not feel."""
BUILT_IN = {2: frozenset({"U", "CX"}), 3: frozenset({"U", "gphase"})}
"""By the version of OpenQASM."""

_REFUSED: dict[str, tuple[str, str]] = {
    "extern": ("external functions", "Leave them out."),
    "return": ("returns before the end of a subroutine", "Return once, as its last statement."),
    "end": ("ending early", "Leave out what follows instead."),
    "duration": ("durations", "Leave them out: timing belongs to the device."),
    "stretch": ("durations", "Leave them out: timing belongs to the device."),
    "cal": ("pulse-level calibrations", "State gates; their calibration belongs to the device."),
    "defcal": ("pulse-level calibrations", "State gates; their calibration belongs to the device."),
    "defcalgrammar": ("pulse-level calibrations", "State gates; their calibration belongs to the device."),
    "array": ("arrays", "Declare one variable for each value."),
    "complex": ("complex numbers", "State real and imaginary parts where they are needed."),
    "output": ("chosen outputs", "Leave out the word `output`: every bit is returned."),
    "readonly": ("arrays", "Declare one variable for each value."),
    "mutable": ("arrays", "Declare one variable for each value."),
}
PRAGMAS = {
    "": ("pragmas", "Leave the line out."),
    "unitary": ("gates as matrices (pragma braket unitary)", "State gates by name: let a compiler write them."),
    "noise": (
        "errors that a circuit states (pragma braket noise)",
        "Leave the line out, and name a machine: --param target=.",
    ),
    "result": (
        "results that a circuit asks for (pragma braket result)",
        "Leave the line out: counts come back, and an expectation states its observable beside the circuit.",
    ),
    "verbatim": (
        "boxes that are run as they stand (pragma braket verbatim)",
        "Leave the line out where gates may be fitted to a machine; --param level=0 changes them least.",
    ),
}
"""Lines of Amazon Braket by their third word; any other line is a pragma of nobody."""
REFUSED: dict[int, dict[str, tuple[str, str]]] = {2: {}, 3: _REFUSED}
"""Statements that are not supported, by version and first word: what they are, and what to write instead."""

WORDS = frozenset(_REFUSED) | {
    "OPENQASM", "include", "qreg", "creg", "gate", "barrier", "reset", "measure", "if", "else", "qubit", "bit", "const",
    "let", "for", "int", "uint", "float", "angle", "bool", "ctrl", "negctrl", "inv", "pow", "pragma", "while", "switch", "box",
    "delay", "nop", "input", "opaque", "def", "break", "continue",
}  # fmt: skip
"""First words of statements that are no calls of gates."""
