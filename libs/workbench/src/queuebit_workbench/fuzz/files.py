"""Texts in the field's own formats, larger than they look, and texts of any kind broken at random."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from math import isqrt

from queuebit_workbench.fuzz.circuits import circuit
from queuebit_workbench.fuzz.numbers import numbers, size_of
from queuebit_workbench.fuzz.statements import STATEMENTS

ODD_TOKENS = (
    "x",
    "nan",
    "1e400",
    "1e-400",
    "-1",
    "0x1",
    "1_0",
    "²",
    "\x00",
    "1,5",
    "9" * 5000,
    "1" + "0" * 29,
    "1e-300",
    "{",
    "é",
    "#",
    "c",
)


def _rows(rng: random.Random, rows: int, columns: int) -> str:
    draw, _ = numbers(rng)
    return "\n".join(" ".join(str(draw()) for _ in range(columns)) for _ in range(rows)) + "\n"


def table(rng: random.Random, most: int) -> str:
    """Numbers with their counts before them: half of all formats look like this."""
    cells = size_of(rng, most // 6)
    columns = rng.choice((1, 2, 3, isqrt(cells) or 1))
    rows = max(1, cells // columns)
    head = rng.choice((
        f"{rows}\n", f"{rows} {columns}\n", f"{columns} {rows}\n", f"1\n{rows} {columns} 0\n", f"{rows} 10\n", "",
        f"{rows} {10**9}\n", "2 3\n",
    ))  # fmt: skip
    return head + _rows(rng, rows, columns)


def tsplib(rng: random.Random, most: int) -> str:
    """Tours and routes, by coordinates or by matrices of every form."""
    nodes = size_of(rng, 2000)
    kind = rng.choice(("TSP", "ATSP", "CVRP"))
    weight = rng.choice(("EUC_2D", "CEIL_2D", "GEO", "ATT", "MAN_2D", "EXPLICIT"))
    head = f"NAME: n{nodes}-k{rng.randrange(1, 9)}\nTYPE: {kind}\nDIMENSION: {nodes}\nEDGE_WEIGHT_TYPE: {weight}\n"
    if kind == "CVRP":
        head += f"CAPACITY: {rng.choice((1, 100, 10**15))}\n"
    if weight == "EXPLICIT":
        form = rng.choice(("FULL_MATRIX", "UPPER_ROW", "LOWER_ROW", "LOWER_DIAG_ROW", "UPPER_DIAG_COL", "LOWER_COL"))
        body = f"EDGE_WEIGHT_FORMAT: {form}\nEDGE_WEIGHT_SECTION\n" + _rows(
            rng, max(1, most // 12 // min(nodes, 50)), min(nodes, 50)
        )
    else:
        draw, _ = numbers(rng)
        body = "NODE_COORD_SECTION\n" + "".join(f"{k + 1} {draw()} {draw()}\n" for k in range(min(nodes, most // 10)))
    if kind == "CVRP":
        body += "DEMAND_SECTION\n" + "".join(f"{k + 1} {min(k, 1)}\n" for k in range(nodes)) + "DEPOT_SECTION\n1\n-1\n"
    return head + body + "EOF\n"


def dimacs(rng: random.Random, most: int) -> str:
    nodes, edges = size_of(rng, 5000), size_of(rng, most // 9)
    lines = "".join(f"e {rng.randrange(1, nodes + 1)} {rng.randrange(1, nodes + 1)}\n" for _ in range(edges))
    return f"c a graph\np {rng.choice(('edge', 'col'))} {nodes} {edges}\n{lines}"


def rudy(rng: random.Random, most: int) -> str:
    nodes, edges = size_of(rng, 20_000), size_of(rng, most // 10)
    lines = "".join(f"{k % nodes + 1} {(k * 7 + 1) % nodes + 1} {rng.randrange(9)}\n" for k in range(edges))
    return f"{nodes} {edges}\n{lines}"


def jsplib(rng: random.Random, most: int) -> str:
    jobs, machines = size_of(rng, 500), size_of(rng, 500)
    each = max(1, most // 5 // jobs)
    rows = (" ".join(f"{rng.randrange(machines)} {rng.randrange(3)}" for _ in range(each)) for _ in range(jobs))
    return f"{jobs} {machines}\n" + "\n".join(rows) + "\n"


def strings(rng: random.Random, most: int) -> str:
    qubits = rng.choice((1, 4, 64))
    count = size_of(rng, most // (qubits + 5))
    return "".join(f"{rng.random():.3f} {''.join(rng.choices('IXYZ', k=qubits))}\n" for _ in range(count))


def points(rng: random.Random, most: int) -> str:
    features = rng.randrange(1, 21)
    count = size_of(rng, max(1, most // (6 * features)))
    return "".join("train " + ",".join(f"{rng.random():.3f}" for _ in range(features)) + "\n" for _ in range(count))


def document(rng: random.Random, most: int) -> str:
    """A JSON document, whole or cut off, of a problem or of a statement alone."""
    name = rng.choice(list(STATEMENTS))
    data = STATEMENTS[name](rng, most)
    return json.dumps(data if rng.random() < 0.3 else {"kind": name, "version": 1, "statement": data})


def blanks(rng: random.Random, most: int) -> str:
    """Much of one thing."""
    piece = rng.choice((
        " ", "\n", "1 ", "1\n", "a ",
        "#\n", "{", "[", '"', '\\"', '{"a":', "[[", "-", "e 1 2\n", "TYPE : ", "c\n", "\r", "\x0b",
        "1e9 ", "\ufeff", "p edge ", "0", "p qubo ", "number of jobs ", "\u2028",
    ))  # fmt: skip
    return piece * size_of(rng, most // len(piece))


TEXTS: tuple[Callable[[random.Random, int], str], ...] = (
    table, table, table, tsplib, tsplib, dimacs, rudy, jsplib, strings, points, circuit, document, document, blanks,
)  # fmt: skip


def text(rng: random.Random, most: int) -> str:
    """A text of some format, often broken; at most so many bytes in UTF-8."""
    found = rng.choice(TEXTS)(rng, most)
    if rng.random() < 0.5:
        found = broken(rng, found)
    return found.encode()[:most].decode(errors="ignore")


def broken(rng: random.Random, whole: str) -> str:
    """Tokens exchanged, parts doubled many times, lost, or cut off."""
    for _ in range(rng.randrange(1, 4)):
        if not whole:
            return whole
        begin = rng.randrange(len(whole))
        end = min(len(whole), begin + size_of(rng, max(1, len(whole) - begin)))
        match rng.randrange(5):
            case 0:
                whole = whole[:begin] + rng.choice(ODD_TOKENS) + whole[min(len(whole), begin + rng.randrange(6)) :]
            case 1:
                whole = whole[:begin] + whole[begin:end] * rng.randrange(2, 30) + whole[end:]
            case 2:
                whole = whole[:begin] + whole[end:]
            case 3:
                whole = whole[:end]
            case _:
                whole = whole[:begin] + rng.choice("{}[]()\"'#;:,\n\t -0\\/*") * rng.choice((1, 100)) + whole[begin:]
    return whole
