"""OpenQASM that states much in few bytes: nesting, loops, wide registers, definitions of definitions, modifiers, long sums."""

from __future__ import annotations

import random
from collections.abc import Callable

from queuebit_workbench.fuzz.numbers import size_of

STANDARD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
EVERY_GATE = 'OPENQASM 3.0;\ninclude "qelib1.inc";\n'
TWO = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'


def nested(rng: random.Random, most: int) -> str:
    """Conditions on several bits within each other, with and without other ways."""
    del most
    bits, deep = rng.choice((1, 2, 3, 6, 7, 8, 10, 11, 1000)), rng.randrange(1, 70)
    condition = rng.choice(
        (f"c > {rng.randrange(1 << min(bits, 12))}", "c[0] ^ c[1]", "c[0] || c[1] || c[2]", f"uint[{min(bits, 64)}](c) != 3",
         "popcount(uint(c)) > 2", f"c == {rng.randrange(8)}", "!(c[0] && c[1])", "c & 5 == 1")
    )  # fmt: skip
    body = rng.choice(
        ("x q[0];", "c[0] = measure q[0];", f"for int i in [0:{size_of(rng, 20_000)}] x q[0];", "reset q;")
    )
    opening, closing = rng.choice(
        ((f"if ({condition}) {{", "}"), (f"if ({condition})", ""), (f"if ({condition}) {{ x q[0]; }} else {{", "}"))
    )
    text = f"{opening} " * deep + body + f" {closing}" * deep
    return f"{STANDARD}qubit[2] q; bit[{bits}] c; c[0] = measure q[0];\n" + text * rng.choice((1, 1, 5))


def loops(rng: random.Random, most: int) -> str:
    """Loops within loops, around conditions, gates, registers and declarations."""
    del most
    body = rng.choice((
        "x q[0];", "if (c == i) x q[0];", "if (c > i) x q[0];", "cx q, r;", "c = measure q;", "barrier;", "barrier q, r;",
        "int n = i; n += 1; n *= 2;", "rx(" + "+".join(["i"] * rng.randrange(1, 190)) + ") q[0];", "let a = q[0:2:900];",
        "if (i > 3) { x q[0]; } else { y q[0]; }", "g(i, i) q[0], q[1];", "ctrl(3) @ g(i, 2) q[0], q[1], q[2], q[3], q[4];",
        "rx(" + "int(" * 55 + "i" + ")" * 55 + ") q[0];", "x q[{0, 1, 2, i}];", "if (int(c[0:9]) + i > 40) x q[0];", "",
        "for int j in [1:0] {" + " x q[0];" * rng.randrange(1, 2000) + " }",
    ))  # fmt: skip
    text = body
    for level in range(rng.choice((1, 1, 2, 3, 20))):
        turns = size_of(rng, rng.choice((3, 100, 10_000, 99_999, 10**9)))
        name = "i" if not level else f"i{level}"
        text = f"for int {name} in [0:{turns}] {{ {text} }}"
    blocks = rng.choice((0, 0, 20))
    wide = rng.choice((10, 30, 400, 1000))
    return (
        f"{STANDARD}gate g(t, u) a, b {{ rx(t) a; cx a, b; rz(u * t) b; }}\nqubit[{max(10, wide // 2)}] q; "
        f"qubit[{max(10, wide // 2)}] r; bit[{rng.choice((10, wide))}] c;\n{'if (true) {' * blocks}{text}{'}' * blocks}\n"
        "c[0] = measure q[0];"
    )


def definitions(rng: random.Random, most: int) -> str:
    """Gates of gates of gates, doubled at each step, under modifiers or with loops in their bodies."""
    del most
    times, text = rng.randrange(1, 5), EVERY_GATE
    base = rng.choice(("x a;", "cu(1, 2, 3, 4) a, b;", "c4x a, b, c, d, e;", "rx(t) a;", "", "barrier a, b;"))
    around = rng.choice(("", "inv @ ", "pow(2) @ ", "pow(-3) @ ", "pow(99) @ ", "pow(0.5) @ "))
    text += f"gate g0(t) a, b, c, d, e {{ {base} }}\n"
    for step in range(1, rng.randrange(2, 70)):
        call = f"{around}g{step - 1}(t * 1.5) a, b, c, d, e;"
        inside = f"for int i in [1:{size_of(rng, 1000)}] {{ {call} }}" if rng.random() < 0.1 else call * times
        text += f"gate g{step}(t) a, b, c, d, e {{ {inside} }}\n"
        last = step
    return text + f"qubit[5] q; bit c;\n{around}g{last}(0.1) q[0], q[1], q[2], q[3], q[4];\nc = measure q[0];"


def modifiers(rng: random.Random, most: int) -> str:
    """Controls, inverses and powers on top of each other, on gates that have controls themselves."""
    gate, qubits = rng.choice((("x", 1), ("cu(1, 2, 3, 4)", 2), ("c3sqrtx", 4), ("c4x", 5), ("u2(0.1, 0.2)", 1), ("swap", 2),
                               ("rc3x", 4), ("g", 2), ("cswap", 3), ("rzz(0.3)", 2)))  # fmt: skip
    parts, controls = [], 0
    for _ in range(rng.choice((1, 2, 3, 8, 200))):
        name = rng.choice(
            ("inv", "pow(2)", "pow(-1)", "pow(0.5)", "pow(100000)", "ctrl", "negctrl", "ctrl(3)", "ctrl(8)")
        )
        count = 8 if "8" in name else 3 if "3" in name else int("ctrl" in name)
        if controls + count <= 9:
            controls += count
            parts.append(f"{name} @ ")
    operands = ", ".join(f"q[{k}]" for k in range(qubits + controls))
    line = f"{''.join(parts)}{gate} {operands};\n"
    body = "".join(
        rng.choices(("x a;", "cu(1,2,3,4) a, b;", "ccx a, b, a;", "h b;", "rxx(0.2) a, b;"), k=rng.randrange(1, 40))
    )
    head = EVERY_GATE + f"gate g a, b {{ {body} }}\nqubit[20] q; bit c; c = measure q[0];\n"
    return head + line * size_of(rng, max(1, (most - len(head)) // len(line)))


def expressions(rng: random.Random, most: int) -> str:
    """Long and deep numbers as angles, indices, widths and sizes."""
    atoms = (
        "1",
        "pi",
        "2.5e-3",
        "k",
        "9" * 100,
        "0x" + "f" * 50,
        "1e308",
        "sin(k)",
        "k[3]",
        "2**60",
        "true",
        "c[0]",
        '"101"',
    )
    operators = ("+", "-", "*", "/", "**", "<<", "%", "&&", "||", "==", "^", "<")
    size = size_of(rng, min(most // 8, 6000))
    shape = rng.randrange(6)
    if shape == 0:
        text = "".join(rng.choice(atoms) + rng.choice(operators) for _ in range(size)) + "1"
    elif shape == 1:
        text = "(" * size + "1" + ")" * size
    elif shape == 2:
        text = rng.choice(("-", "~", "!", "+")) * size + "k"
    elif shape == 3:
        text = rng.choice(("int(", "uint[64](", "sin(", "float[32](", "bool(", "int[3](")) * 60 + "k" + ")" * 60
    elif shape == 4:
        text = "+".join(["(" + "*".join(["k"] * 20) + ")"] * (size // 20 + 1))
    else:
        text = "mod(" * 30 + "k" + ", 7)" * 30
    place = rng.choice((f"rx({text}) q[0];", f"x q[{text}];", f"uint[{text}] w = 3;", f"if ({text} > 0) x q[0];",
                        f"bit[{text}] d;", f"for int i in [0:{text}] x q[0];", f"pow({text}) @ x q[0];"))  # fmt: skip
    repeats = max(1, min(rng.choice((1, 3, 1000)), most // (len(place) + 1)))
    return f"{STANDARD}const uint[64] k = 5; qubit[4] q; bit[10] c;\n" + place * repeats + "\nc[0] = measure q[0];"


def tables(rng: random.Random, most: int) -> str:
    """Conditions that must be worked out reading by reading."""
    bits = rng.randrange(5, 12)
    names = [f"c[{k}]" for k in range(bits)]
    text = rng.choice(("+", "^", " && ", " || ", "*", "&", "|")).join(rng.choices(names, k=size_of(rng, 180)))
    line = f"if ({text} {rng.choice(('> 3', '== 1', '!= 0', '< 2'))}) x q[0];\n"
    head = f"{STANDARD}qubit[2] q; bit[{bits}] c; c[0] = measure q[0];\n"
    loop = rng.random() < 0.3
    lines = line * size_of(rng, max(1, (most - len(head)) // len(line)))
    return head + (f"for int i in [0:{size_of(rng, 1000)}] {{ {lines} }}" if loop else lines)


def long(rng: random.Random, most: int) -> str:
    """One plain statement after the other."""
    lines = rng.choice((
        ["x q[0];"], ["cx q[0], q[1];\n"], ["rz(0.123456789012) q[3];"], ["measure q[0] -> c[0];"], ["x q;"], [";"],
        ["barrier;"], ["c = measure q;"], ["reset q;"], ["if (c == 1) x q[0];"], ["u3(pi/2, 1.0*3, -2) q[1];"],
        ["x q[0], q[1];"],
        ["x q[0];", "if (c[0]) { y q[1]; } else { z q[2]; }", "c[1] = measure q[1];"], ["let a = q;"], ["bit d;"], ["int n;"],
        ["ctrl @ h q[0], q[1];"],
        ["x q[0] ;  // " + "comment " * 20 + "\n"], ["/* */ " * 30 + "x q[0];"],
    ))  # fmt: skip
    wide = rng.choice((4, 30, 500, 1000))
    head = rng.choice((f"{STANDARD}qubit[{wide}] q; bit[{wide}] c;\n", f"{TWO}qreg q[{wide}]; creg c[{wide}];\n"))
    count = max(1, (most - len(head)) // max(1, sum(map(len, lines)) // len(lines)))
    return head + "".join(rng.choice(lines) for _ in range(count)) + "\nmeasure q[0] -> c[0];"


def broken(rng: random.Random, most: int) -> str:
    """What never ends: comments, texts, brackets, names, numbers, blanks."""
    piece = rng.choice((
        "/*", "//", '"', "'", "(", "[", "{", "x", "9", " ", "\n", "\\", "$", "@", "/* /", "q[", "x q[0", "\t", "if(", "else",
        "0x", "1e", "1_", "ctrl @ ", "gate g a {", "é", "\u3000", ".", "-> ", "q,", "{0,",
    ))  # fmt: skip
    head = rng.choice(
        ("", STANDARD, f"{STANDARD}qubit[4] q; bit[4] c; ", f"{STANDARD}qubit[4] q; x q[", f"{STANDARD}rx(")
    )
    return head + piece * size_of(rng, max(1, (most - len(head)) // len(piece)))


GENERATORS: tuple[Callable[[random.Random, int], str], ...] = (
    nested, loops, loops, definitions, modifiers, expressions, tables, long, broken,
)  # fmt: skip


def circuit(rng: random.Random, most: int) -> str:
    """A circuit of at most so many characters; what is more is cut off."""
    most = max(1, most)
    return rng.choice(GENERATORS)(rng, most)[:most]
