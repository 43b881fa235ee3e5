"""Random programs mean what a second reading makes of them; `make readings` reads many more than run here."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit.classical import expr, types
from qiskit_aer import AerSimulator

from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.simulator import distribution
from tests.unit.problems.second_reading import SecondReading

SEED = int(os.environ.get("SEED", "1"))
TYPED = int(os.environ.get("TYPED", "60"))
DYNAMIC = int(os.environ.get("DYNAMIC", "40"))
BATCHES = 4
DRAWS = 8
"""Programs drawn for one that is read: an expression with two meanings is refused."""
HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
COMPARING = ("==", "!=", "<", ">", "<=", ">=")


class Programs:
    """Draws programs with typed expressions over measured bits and variables."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._width = rng.randint(1, 4)
        self._words = {"c": ("bit", self._width), "d": ("bit", rng.randint(1, 2))}
        for name in ("a", "b", "s"):
            self._words[name] = (rng.choice(["uint", "int"]) if name != "a" else "uint", rng.randint(2, 8))
        self._angle = rng.randint(3, 9)

    def typed(self) -> str:
        rng = self._rng
        qubits = self._width + self._words["d"][1] + 1
        lines = [f"qubit[{qubits}] q;", *(f"bit[{self._words[name][1]}] {name};" for name in ("c", "d")), "bit[1] out;"]
        for name in ("a", "b", "s"):
            kind, width = self._words[name]
            least = -(1 << width - 1) if kind == "int" else 0
            lines.append(f"{kind}[{width}] {name} = {rng.randint(least, least + (1 << width) - 1)};")
        lines.append(f"angle[{self._angle}] t = {rng.uniform(-7, 7):.3f};")
        lines += [f"{rng.choice(['a', 'b', 's'])} = {self.whole(2, ('a', 'b', 's'))};" for _ in range(2)]
        lines += [f"t = {self.angle()};", f"a {rng.choice(['+=', '-=', '*=', '<<=', '^='])} {rng.randint(0, 3)};"]
        lines += [f"h q[{qubit}];" for qubit in range(qubits - 1)]
        lines += [f"c[{place}] = measure q[{place}];" for place in range(self._width)]
        lines += [f"d[{place}] = measure q[{self._width + place}];" for place in range(self._words["d"][1])]
        last = f"q[{qubits - 1}]"
        for _ in range(2):
            lines.append(f"if ({self.truth(2)}) {{ rx(t) {last}; }} else {{ ry({self.angle()}) {last}; }}")
        lines += [f"for uint i in [0:2] {{ rz(t * i) {last}; ry(t) {last}; }}", f"out[0] = measure {last};"]
        return HEAD + "\n".join(lines) + "\n"

    def whole(self, depth: int, names: tuple[str, ...]) -> str:
        rng = self._rng
        if depth == 0 or rng.random() < 0.2:
            choice = rng.random()
            if choice < 0.25:
                return str(rng.randint(0, (1 << min(self._words[name][1] for name in names)) - 1))
            name = rng.choice(names)
            kind, width = self._words[name]
            if kind == "bit" and width > 1 and choice < 0.5:
                first = rng.randrange(width)
                return f"{name}[{first}:{rng.randint(first, width - 1)}]"
            if choice < 0.65:
                return f"{rng.choice(['uint', 'int', 'uint'])}[{rng.randint(max(1, width - 1), width + 2)}]({name})"
            return name
        inner = self.whole(depth - 1, names)
        if rng.random() < 0.2 and not inner.isdecimal():
            return f"{rng.choice(['~', '-'])}({inner})"
        operator = rng.choice(["+", "-", "*", "&", "|", "^", "<<", ">>", "+", "%", "/"])
        if operator in ("<<", ">>"):
            return f"({inner} {operator} {rng.randint(0, 3)})"
        if operator in ("%", "/"):
            return f"({inner} {operator} {rng.randint(1, 4)})"
        return f"({inner} {operator} {self.whole(depth - 1, names)})"

    def truth(self, depth: int) -> str:
        rng = self._rng
        if depth and rng.random() < 0.5:
            joined = f"({self.truth(depth - 1)}) {rng.choice(['&&', '||'])} ({self.truth(depth - 1)})"
            return joined if rng.random() < 0.7 else f"!({joined})"
        if rng.random() < 0.2:
            return f"c[{rng.randrange(self._width)}]"
        names = ("c", "d", "c", rng.choice(["a", "b", "s"]))
        return f"{self.whole(2, names)} {rng.choice(COMPARING)} {self.whole(rng.randint(0, 1), names)}"

    def angle(self) -> str:
        return self._rng.choice(["t * 3", "t / 2", "t + pi", "-t", "t << 1", "t - 0.5", "t", "2 * t", "~t", "t >> 1"])


def dynamic(rng: random.Random) -> str:
    """A program that measures, resets and branches as it goes, with gates of every common kind."""
    qubits = rng.randint(2, 4)
    lines = [*_subroutines(rng), f"qubit[{qubits}] q;", "bit[3] c;", "bit[2] d;", "uint[4] n = 0;"]
    lines += _steps(rng, qubits, rng.randint(6, 14), 3)
    return HEAD + "\n".join([*lines, "d[0] = measure q[0];", "d[1] = measure q[1];"]) + "\n"


def _subroutines(rng: random.Random) -> list[str]:
    """One that turns as often as it is told and calls another, and one that measures and returns what it saw."""
    angle = f"{rng.uniform(-3, 3):.4f}"
    return [
        f"def bend(qubit a, float[64] x) {{ {rng.choice(['rx', 'ry', 'rz'])}(x / 2) a; }}",
        f"def turn(qubit a, uint[3] n, qubit b, float[64] x) {{ for uint i in [1:n] {{ bend(b, x * i); }} "
        f"{rng.choice(['cx', 'cz', 'ch'])} a, b; ry({angle}) a; }}",
        f"def look(qubit a, qubit b) -> bit {{ bend(a, {angle}); {rng.choice(['cx a, b;', 'cz b, a;', 'reset b;'])} h b; "
        f"return measure {rng.choice('ab')}; }}",
    ]


def _steps(rng: random.Random, qubits: int, count: int, depth: int) -> list[str]:
    lines = []
    for _ in range(count):
        one, two = rng.sample(range(qubits), 2)
        match rng.randrange(13 if depth else 10):
            case 0 | 1:
                lines.append(f"{rng.choice(['h', 'x', 's', 't', 'sx', 'sdg'])} q[{one}];")
            case 2:
                lines.append(f"{rng.choice(['rx', 'ry', 'rz', 'p'])}({rng.uniform(-4, 4):.4f}) q[{one}];")
            case 3:
                lines.append(f"{rng.choice(['cx', 'cz', 'swap', 'ch', 'cy'])} q[{one}], q[{two}];")
            case 4:
                lines.append(f"c[{rng.randrange(3)}] = measure q[{one}];")
            case 5:
                lines.append(f"{rng.choice(['crx', 'cp', 'cry'])}({rng.uniform(-4, 4):.4f}) q[{one}], q[{two}];")
            case 6:
                lines.append(f"turn(q[{one}], {rng.randint(0, 3)}, q[{two}], {rng.uniform(-4, 4):.4f});")
            case 7:
                lines.append(f"c[{rng.randrange(3)}] = look(q[{one}], q[{two}]);")
            case 8:
                value = rng.choice(["c[0:1] ^ 2", '"10"', "c[1:2]", "1", "uint[2](c[0:1]) + 1", "c[0:1] & 1"])
                lines.append(f"d = {value};")
            case 9:
                value = rng.choice(["c[1] ^ d[0]", "!c[0]", "c[0] && d[1]", "1", "0", "c == 3"])
                lines.append(f"{rng.choice(['c', 'd'])}[{rng.randrange(2)}] = {value};")
            case 10:
                lines.append(f"reset q[{one}];")
            case 11:
                lines += _loop(rng, one, two, counted=depth == 3 and rng.random() < 0.4)
            case _:
                condition = rng.choice(
                    ["c == 5", "c[1]", "c != 2", "c[0] ^ c[2]", "c > 3", "d[0] && !c[1]", "c[0:1] == 1"]
                )
                then = " ".join(_steps(rng, qubits, 2, depth - 1))
                otherwise = " ".join(_steps(rng, qubits, 1, depth - 1))
                lines.append(
                    f"if ({condition}) {{ {then} }}" + (f" else {{ {otherwise} }}" if rng.random() < 0.5 else "")
                )
    return lines


def _loop(rng: random.Random, one: int, two: int, *, counted: bool) -> list[str]:
    """Until a qubit that begins anew at each turn reads as wished, or turns are counted: it decides about another one."""
    bit, angle = rng.randrange(3), f"{rng.uniform(0.3, 1.4):.4f}"
    body = [f"reset q[{one}]; {rng.choice(['rx', 'ry'])}({angle}) q[{one}];"]
    body.append(rng.choice([f"t q[{two}];", f"cx q[{one}], q[{two}];", f"ch q[{one}], q[{two}];", f"sx q[{two}];"]))
    body.append(f"c[{bit}] = measure q[{one}];")
    condition = rng.choice(
        [f"c[{bit}]", f"c[{bit}] && !d[0]", f"c[{bit}] == 1", f"c[{bit}] & (d[0] | c[{(bit + 1) % 3}])"]
    )
    if counted:
        turned = f"rz(n * {angle}) q[{two}]; {' '.join(body)} n += {rng.randint(1, 2)};"
        return ["n = 0;", f"while (({condition}) && n < {rng.randint(1, 4)}) {{ {turned} }}"]
    return [f"while ({condition}) {{ {' '.join(body)} }}"]


def _differing(draw: Callable[[random.Random], str], seed: int, count: int) -> tuple[list[str], int]:
    """(programs that the two readings tell apart, how many of up to DRAWS times as many were read)."""
    wrong, read = list[str](), 0
    for number in range(DRAWS * count):
        if read == count:
            break
        text = draw(random.Random(f"{seed} {number}"))
        try:
            circuit = read_circuit(text)
        except UnreadableCircuit:
            continue
        read += 1
        ours, theirs = distribution(circuit), SecondReading(text).outcomes
        if any(abs(ours.get(key, 0) - theirs.get(key, 0)) > 1e-8 for key in {*ours, *theirs}):
            wrong.append(text)
    return wrong, read


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_typed_programs_have_one_meaning(batch: int) -> None:
    wrong, read = _differing(lambda rng: Programs(rng).typed(), SEED * BATCHES + batch, TYPED // BATCHES)

    assert wrong == []
    assert read == TYPED // BATCHES


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_dynamic_circuits_have_one_meaning(batch: int) -> None:
    wrong, read = _differing(dynamic, SEED * BATCHES + batch, DYNAMIC // BATCHES)

    assert wrong == []
    assert read == DYNAMIC // BATCHES


@pytest.mark.parametrize("batch", range(BATCHES))
def test_expressions_that_qiskit_writes_mean_what_they_mean_to_aer(batch: int) -> None:
    simulator, wrong = AerSimulator(), []
    for number in range(TYPED // BATCHES):
        rng = random.Random(f"{SEED} {batch} {number}")
        circuit = _of_qiskit(rng)
        counts = simulator.run(circuit, shots=1).result().get_counts()
        found = distribution(read_circuit(qasm3.dumps(circuit)))
        if dict.fromkeys(counts, 1.0) != pytest.approx(found):
            wrong.append(qasm3.dumps(circuit))

    assert wrong == []


def _of_qiskit(rng: random.Random) -> QuantumCircuit:
    """Measured bits with known values, and a flag that is turned where a typed expression of them holds. Aer neither shifts
    nor adds.
    """
    width = rng.randint(2, 4)
    qubits, word, flag = QuantumRegister(width + 1, "q"), ClassicalRegister(width, "c"), ClassicalRegister(1, "out")
    circuit = QuantumCircuit(qubits, word, flag)
    for place in range(width):
        if rng.random() < 0.5:
            circuit.x(place)
    circuit.measure(range(width), range(width))
    compare = rng.choice([expr.equal, expr.not_equal, expr.less, expr.greater_equal])
    with circuit.if_test(compare(_whole(rng, word, width, 3), expr.lift(rng.randrange(1 << width), types.Uint(width)))):
        circuit.x(width)
    circuit.measure(width, width)
    return circuit


def _whole(rng: random.Random, word: ClassicalRegister, width: int, depth: int) -> expr.Expr:
    if depth == 0:
        return expr.lift(word)
    inner = _whole(rng, word, width, depth - 1)
    if rng.random() < 0.4:
        return expr.bit_not(inner)
    join = rng.choice([expr.bit_and, expr.bit_or, expr.bit_xor])
    return join(inner, expr.lift(rng.randrange(1 << width), types.Uint(width)))
