"""Loops that are left early, or whose turns are: the exact distribution, what a second reading makes of them, and refusals."""

from __future__ import annotations

import os
import random

import pytest

from queuebit_circuits.circuit import walk
from queuebit_circuits.errors import UnreadableCircuit
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.qasm.leaving import SPLITS_MAX
from queuebit_circuits.simulator import distribution
from queuebit_circuits.text import to_qasm3
from tests.unit.problems.second_reading import SecondReading

SEED = int(os.environ.get("SEED", "1"))
PROGRAMS = int(os.environ.get("DYNAMIC", "40"))
DRAWS = 8
HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
BITS = "qubit[2] q; bit c; bit d; "
TOSS = "h q[0]; c = measure q[0];"

EXACT: list[tuple[str, str, dict[str, float]]] = [
    ("left where that is known", "for int i in [0:9] { if (i == 3) break; x q[1]; } d = measure q[1];", {"10": 1}),
    (
        "a turn left where that is known",
        "for int i in [0:4] { if (i > 1) continue; x q[1]; } d = measure q[1];",
        {"00": 1},
    ),
    ("of a long range", "for int i in [0:1000000000] { x q[1]; if (i == 2) { break; } } d = measure q[1];", {"10": 1}),
    (
        "a loop that counts",
        "int n = 0; while (true) { n += 1; if (n == 5) break; x q[1]; } d = measure q[1];",
        {"00": 1},
    ),
    (
        "left by a measurement",
        f"for int i in [0:2] {{ {TOSS} if (c) break; x q[1]; }} d = measure q[1];",
        {"01": 1 / 2 + 1 / 8, "11": 1 / 4, "10": 1 / 8},
    ),
    (
        "a turn left by a measurement",
        f"for int i in [0:1] {{ {TOSS} if (c) continue; x q[1]; }} d = measure q[1];",
        {"01": 1 / 4, "11": 1 / 4, "10": 1 / 4, "00": 1 / 4},
    ),
    (
        "until it is so, with something before and after",
        f"while (true) {{ {TOSS} if (c) {{ x q[1]; break; }} x q[1]; }} d = measure q[1];",
        {"11": 2 / 3, "01": 1 / 3},
    ),
    (
        "until it is not so",
        f"while (true) {{ {TOSS} if (c) {{ x q[1]; }} else break; }} d = measure q[1];",
        {"00": 2 / 3, "10": 1 / 3},
    ),
    (
        "what follows of a turn that depends on a measurement",
        f"x q[0]; c = measure q[0]; while (c) {{ {TOSS} if (c) continue; x q[1]; }} d = measure q[1];",
        {"10": 1},
    ),
    (
        "of two loops the inner one",
        f"for int i in [0:1] {{ for int k in [0:1] {{ {TOSS} if (c) break; }} x q[1]; }} d = measure q[1];",
        {"00": 1 / 4, "01": 3 / 4},
    ),
    (
        "what each turn declares",
        f"for int i in [0:1] {{ int n = i; {TOSS} if (c) break; n += 1; rx(n * pi) q[1]; }} d = measure q[1];",
        {"01": 1 / 2, "11": 1 / 4, "10": 1 / 4},
    ),
    (
        "where it cannot be",
        "bit[2] e; for int i in [0:3] { if (e == 7) break; x q[1]; } d = measure q[1];",
        {"00 00": 1},
    ),
    ("around nothing, and never entered", "while (c) { } d = measure q[1];", {"00": 1}),
    (
        "in a case of a switch",
        "for int i in [0:3] { switch (i) { case 1 { continue; } case 2 { break; } default { x q[1]; } } } d = measure q[1];",
        {"10": 1},
    ),
    (
        "in a case on bits",
        "bit[2] e; while (true) { h q; e = measure q; switch (e) { case 3 { break; } case 1 { continue; } } }",
        {"11 00": 1},
    ),
    (
        "in a case as Qiskit writes it",
        f"int s; for int i in [0:3] {{ {TOSS} s = c; switch (s) {{ case 1 {{ break; }} }} x q[1]; }} d = measure q[1];",
        {"01": 10 / 16, "11": 5 / 16, "00": 1 / 16},
    ),
    (
        "in a case of what is known",
        "int s; for int i in [0:3] { s = i * 2; switch (s) { case 4 { break; } default { x q[1]; } } } rx(s * pi / 4) q[0]; "
        "c = measure q[0]; d = measure q[1];",
        {"01": 1},
    ),
    (
        "switched on in a loop on measurements",
        f"int s; x q[0]; c = measure q[0]; while (c) {{ {TOSS} s = c; switch (s) {{ case 0 {{ x q[1]; }} }} }} "
        "d = measure q[1];",
        {"10": 1},
    ),
    (
        "while one bit is so, until another is",
        f"x q[0]; c = measure q[0]; while (c) {{ {TOSS} h q[1]; d = measure q[1]; if (d) break; }}",
        {"00": 1 / 3, "10": 1 / 3, "11": 1 / 3},
    ),
    (
        "by what an earlier loop left behind",
        f"x q; d = measure q[1]; c = measure q[0]; while (c) {{ {TOSS} reset q[1]; h q[1]; d = measure q[1]; if (!d) break; }}",
        {"10": 1 / 3, "00": 1 / 3, "01": 1 / 3},
    ),
    (
        "at two places",
        f"while (true) {{ {TOSS} if (c) break; reset q[1]; h q[1]; d = measure q[1]; if (d) break; }}",
        {"01": 2 / 3, "10": 1 / 3},
    ),
    (
        "within a condition",
        f"bit e; while (true) {{ {TOSS} if (c) {{ reset q[1]; h q[1]; d = measure q[1]; if (d) {{ x q[0]; break; }} }} }} "
        "e = measure q[0];",
        {"011": 1},
    ),
    ("by what it asks", f"x q[0]; c = measure q[0]; while (c) {{ {TOSS} if (c) break; }}", {"00": 1 / 2, "01": 1 / 2}),
    (
        "after one turn at the latest",
        f"x q[0]; c = measure q[0]; while (c) {{ {TOSS} x q[1]; break; }} d = measure q[1];",
        {"10": 1 / 2, "11": 1 / 2},
    ),
    ("in a box", "for int i in [0:3] { box { x q[1]; if (i == 0) break; } } d = measure q[1];", {"10": 1}),
]


@pytest.mark.parametrize(("text", "outcomes"), [case[1:] for case in EXACT], ids=[case[0] for case in EXACT])
def test_what_follows_is_left_out_where_the_loop_is_left(text: str, outcomes: dict[str, float]) -> None:
    found = distribution(read_circuit(HEAD + BITS + text))

    assert {key: chance for key, chance in found.items() if chance > 1e-8} == pytest.approx(outcomes, abs=1e-8)


REFUSED: list[tuple[str, str]] = [
    ("break;", "break stands in no loop"),
    ("if (true) continue;", "continue stands in no loop"),
    ("def f(qubit a) { break; } for int i in [0:1] { f(q[0]); }", "break stands in no loop"),
    ("gate g a { break; }", "break stands in no loop"),
    ("gate g a { for int i in [0:1] { break; } }", "holds more than gates"),
    (TOSS + "int s; s = c; switch (s) { case 1 { x q[1]; } } rx(s) q[0];", "s depends on a measurement"),
    (
        f"int s; while (true) {{ if (s == 1) x q[1]; {TOSS} s = c; switch (s) {{ case 1 {{ break; }} }} }}",
        "s depends on a measurement",
    ),
    (
        f"int s; x q[0]; c = measure q[0]; while (c) {{ rx(s) q[1]; {TOSS} s = c; switch (s) {{ case 1 {{ z q[1]; }} }} }}",
        "s depends on a measurement",
    ),
    (TOSS + "uint[4] s; s = c; switch (s) { case 1 { x q[1]; } }", "the value depends on the measured c"),
    (TOSS + "int s; s = c * 1.5; switch (s) { case 1 { x q[1]; } }", "the value depends on the measured c"),
    (TOSS + "uint s; s = int[2](c); switch (s) { case 1 { x q[1]; } }", "the value depends on the measured c"),
    (TOSS + "int s; int t; s = c; switch (t) { case 1 { x q[1]; } }", "the value depends on the measured c"),
    ("switch (2) { case 1 { break; } }", "break stands in no loop"),
    (f"while (true) {{ {TOSS} if (c) break; {TOSS} if (d) break; }}", "is measured again in the same turn"),
    (f"int n = 0; while (c && n < 3) {{ n += 1; {TOSS} if (c) continue; }}", "sets n and is left early"),
    (f"int n = 0; for int i in [0:3] {{ {TOSS} if (c) break; n += 1; }}", "n is set where it depends on a measurement"),
    (f"int n = 0; while (n < 9) {{ n += 1; {TOSS} if (c) break; }}", "n is set where it depends on a measurement"),
    (f"while (true) {{ {TOSS} if (c) {{ if (d) break; }} }}", "goes on"),
    (
        "bit[11] e; while (true) { e[0] = measure q[0]; if (e[0] ^ e[1] ^ e[2]) break; if (e > 3) break; }",
        "more than 10 bits",
    ),
    (f"for int i in [0:{SPLITS_MAX}] {{ {TOSS} if (c) break; }}", f"more than {SPLITS_MAX} times"),
    ("while (true) { c = measure q[0]; if (c) break; }", "goes on"),
    ("while (true) { if (c) break; }", "goes on"),
    ("while (!c) { }", "goes on"),
    (TOSS + "while (c) { }", "goes on with the probability 0.5"),
    ("while (true) { x q[0]; if (false) break; }", "takes more than"),
    ("for int i in [0:3] { break }", "';'"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_it_refuses_what_it_cannot_leave_exactly(text: str, said: str) -> None:
    with pytest.raises(UnreadableCircuit) as refused:
        read_circuit(HEAD + BITS + text)

    assert said in str(refused.value)


def test_as_many_as_may_be_stand_within_each_other() -> None:
    circuit = read_circuit(f"{HEAD}{BITS} for int i in [1:{SPLITS_MAX}] {{ {TOSS} if (c) break; }}")

    assert distribution(circuit)["01"] == pytest.approx(1 - 0.5**SPLITS_MAX)
    assert len([*walk(circuit.operations)]) < 4 * SPLITS_MAX
    assert read_circuit(to_qasm3(circuit)).operations == circuit.operations


@pytest.mark.parametrize(
    ("before", "after"), [("", "x q[0]; " * 400), ("".join(f"int a{place}; " for place in range(400)), "")]
)
def test_what_each_way_has_of_its_own_is_counted(before: str, after: str) -> None:
    def text(before: str, after: str) -> str:
        ways = f"{TOSS} if (c) {{ if (d) continue; }} if (c) {{ if (d) continue; }} continue;"
        return f"{HEAD}{BITS} for int i in [0:1] {{ {before} {ways} {after} }}"

    assert read_circuit(text("", ""), steps_max=5_000)
    with pytest.raises(UnreadableCircuit) as refused:
        read_circuit(text(before, after), steps_max=5_000)

    assert "takes more than" in str(refused.value)


def test_in_older_texts_the_words_are_names() -> None:
    text = 'OPENQASM 2.0; include "qelib1.inc"; qreg break[1]; creg continue[1]; x break[0]; measure break[0] -> continue[0];'

    assert distribution(read_circuit(text)) == {"1": 1}


def a_program(rng: random.Random) -> str:
    """Two loops, one of which has an end of its own; the second reading keeps every history of them apart."""
    lines = ["qubit[3] q;", "bit[3] c;", "bit[2] d;", *_gates(rng, 3)]
    loops = [_for(rng, 1), rng.choice([_until, _measured, _left_by_another, _several])(rng)]
    rng.shuffle(loops)
    for loop in loops[: rng.randint(1, 2)]:
        lines += [loop, *_gates(rng, 1)]
    return HEAD + "\n".join([*lines, "d[0] = measure q[0];", "d[1] = measure q[1];"]) + "\n"


def _gates(rng: random.Random, most: int) -> list[str]:
    found = []
    for _ in range(rng.randint(0, most)):
        one, two = rng.sample(range(3), 2)
        found.append(
            rng.choice(
                [
                    f"h q[{one}];",
                    f"ry({rng.uniform(-2, 2):.3f}) q[{one}];",
                    f"cx q[{one}], q[{two}];",
                    f"c[{rng.randrange(3)}] = measure q[{one}];",
                    f"d[0] = c[{rng.randrange(3)}];",
                ]
            )
        )
    return found


def _condition(rng: random.Random) -> str:
    return rng.choice([f"c[{rng.randrange(3)}]", "c == 5", "!d[0]", "c[0] ^ c[2]", "d[0] && c[1]", "c[0:1] != 2"])


def _leave(rng: random.Random, depth: int, *words: str) -> str:
    """A condition one of whose ways leaves, perhaps by a further condition."""
    word = f"{rng.choice(words)};"
    if depth and rng.random() < 0.3:
        word = _leave(rng, depth - 1, *words)
    out = f"{{ {' '.join([*_gates(rng, 1), word])} }}"
    other = f"{{ {' '.join(_gates(rng, 1))} }}"
    condition = _condition(rng)
    return rng.choice(
        [f"if ({condition}) {out}", f"if ({condition}) {out} else {other}", f"if ({condition}) {other} else {out}"]
    )


def _for(rng: random.Random, depth: int) -> str:
    body = [*_gates(rng, 2), _leave(rng, 1, "break", "continue"), *_gates(rng, 1)]
    if rng.random() < 0.4:
        body.insert(rng.randrange(len(body)), f"if (i == {rng.randint(0, 2)}) {rng.choice(['break', 'continue'])};")
    if depth and rng.random() < 0.5:
        body.insert(rng.randrange(len(body)), _for(rng, depth - 1).replace("i in", "k in").replace("(i ", "(k "))
    return f"for uint i in [0:{rng.randint(1, 2)}] {{ {' '.join(body)} }}"


def _until(rng: random.Random) -> str:
    """Until a qubit that begins anew at each turn reads as wished."""
    one, two = rng.sample(range(3), 2)
    toss = f"reset q[{one}]; ry({rng.uniform(1.3, 2.2):.3f}) q[{one}]; c[{one}] = measure q[{one}];"
    turn = rng.choice([f"s q[{two}];", f"cx q[{one}], q[{two}];", f"sx q[{two}];"])
    out = f"{{ {' '.join([*_gates(rng, 1), 'break;'])} }}"
    left = rng.choice([f"if (c[{one}]) {out}", f"if (!c[{one}]) {{ {turn} }} else {out}", f"if (c[{one}]) break;"])
    return f"while (true) {{ {toss} {left} {turn} }}"


def _measured(rng: random.Random) -> str:
    """While a qubit that begins anew at each turn reads as wished, and not all of each turn."""
    one, two = rng.sample(range(3), 2)
    toss = f"reset q[{one}]; ry({rng.uniform(0.5, 1.2):.3f}) q[{one}]; c[{one}] = measure q[{one}];"
    return f"while (c[{one}]) {{ {toss} if ({_condition(rng)}) continue; z q[{two}]; }}"


def _left_by_another(rng: random.Random) -> str:
    """While one qubit reads as wished, until another does."""
    one, two = rng.sample(range(3), 2)
    toss = " ".join(
        f"reset q[{k}]; ry({rng.uniform(0.5, 0.9):.3f}) q[{k}]; c[{k}] = measure q[{k}];" for k in (one, two)
    )
    out = f"{{ {rng.choice(['', f'x q[{one}];'])} break; }}"
    left = rng.choice([f"if (c[{two}]) {out}", f"if (!c[{two}]) {{ z q[{one}]; }} else {out}"])
    return f"while (c[{one}]) {{ {toss} {left} sx q[{one}]; }}"


def _several(rng: random.Random) -> str:
    """Until one qubit or another reads as wished, perhaps within a condition."""
    one, two = rng.sample(range(3), 2)
    first, second = (
        f"reset q[{k}]; ry({rng.uniform(2.0, 2.6):.3f}) q[{k}]; c[{k}] = measure q[{k}];" for k in (one, two)
    )
    inner = rng.choice([f"if (c[{two}]) break;", f"if (!c[{one}]) {{ if (c[{two}]) break; }}"])
    switch = f"switch (c[{one}]) {{ case 1 {{ break; }} default {{ {rng.choice(['', f'z q[{two}];'])} }} }}"
    return f"while (true) {{ {first} {rng.choice([f'if (c[{one}]) break;', switch])} {second} {inner} }}"


def test_random_loops_that_are_left_have_one_meaning() -> None:
    wrong, read, left = list[str](), 0, 0
    for number in range(DRAWS * PROGRAMS):
        if read == PROGRAMS:
            break
        text = a_program(random.Random(f"leaving {SEED} {number}"))
        try:
            circuit = read_circuit(text)
        except UnreadableCircuit:
            continue
        read += 1
        left += "break" in text or "continue" in text
        ours, theirs = distribution(circuit), SecondReading(text).outcomes
        if any(abs(ours.get(key, 0) - theirs.get(key, 0)) > 1e-8 for key in {*ours, *theirs}):
            wrong.append(text)

    assert wrong == []
    assert (read, left) == (PROGRAMS, PROGRAMS)
