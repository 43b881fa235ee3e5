"""Binary programs from LP, MPS, OMMX and JSON: read as a second reader reads them, else told with the line."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.errors import InvalidStatement, ProblemError, UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.kind import Params, Solution
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import parse_optimisation
from tests.unit.problems import second_program_reading
from tests.unit.problems.field_files import LP, MPS

PLAN = {
    "sense": "max",
    "variables": [
        {"name": "x", "lower": 0, "upper": 1},
        {"name": "y", "lower": 0, "upper": 3},
        {"name": "z", "lower": 0, "upper": 1},
    ],
    "linear": [[0, 3], [1, 2], [2, -4]],
    "quadratic": [],
    "offset": 0,
    "constraints": [
        {"name": "few", "terms": [[0, 1], [1, 1], [2, 2]], "lower": None, "upper": 4},
        {"name": "more", "terms": [[0, 1], [2, -1]], "lower": -1, "upper": None},
    ],
}


def stated(text: str, name: str, params: Params | None = None) -> dict[str, Any]:
    return dict(read_problem(text, file_name=name, params=params).statement)


def kind_and_statement(text: str, name: str) -> tuple[Optimisation[Any], Any]:
    return parse_optimisation(read_problem(text, file_name=name))


@pytest.mark.parametrize("name", ["plan.mps", "plan.txt"])
def test_mps_is_the_program_that_it_states(name: str) -> None:
    assert stated(MPS, name) == PLAN


@pytest.mark.parametrize("name", ["plan.lp", "plan.txt"])
def test_lp_is_the_program_that_it_states(name: str) -> None:
    assert stated(LP, name) == PLAN | {
        "quadratic": [[0, 1, 1]],
        "constraints": [PLAN["constraints"][0], PLAN["constraints"][1] | {"name": ""}],  # type: ignore[index]
    }


def test_json_takes_names_and_senses() -> None:
    """Given a statement with names in its terms and a sense with its side, then it is that with places and sides."""
    found = read_problem(
        json.dumps(
            {
                "variables": [{"name": "a"}, {"name": "b", "upper": 4}],
                "linear": [["b", 2]],
                "quadratic": [["b", "a", 3]],
                "constraints": [{"terms": [["a", 1], ["b", 1]], "sense": ">=", "rhs": 2}],
            }
        ),
        kind="binary_program",
    )

    assert found.statement["linear"] == [[1, 2]]
    assert found.statement["quadratic"] == [[0, 1, 3]]
    assert found.statement["constraints"] == [{"name": "", "terms": [[0, 1], [1, 1]], "lower": 2, "upper": None}]


def test_an_instance_of_ommx_is_known_by_its_form() -> None:
    document = {
        "decisionVariables": [
            {"kind": "KIND_BINARY", "bound": {"upper": 1.0}, "name": "x", "subscripts": ["0"]},
            {"id": "7", "kind": "KIND_INTEGER", "bound": {"lower": -1.0, "upper": 4.0}, "name": "y"},
        ],
        "objective": {
            "quadratic": {"rows": ["7"], "columns": ["0"], "values": [2.0], "linear": {"terms": [{"coefficient": 3.0}]}}
        },
        "constraints": [
            {
                "id": "3",
                "equality": "EQUALITY_LESS_THAN_OR_EQUAL_TO_ZERO",
                "function": {"linear": {"terms": [{"id": "7", "coefficient": 0.5}], "constant": -1.0}},
            }
        ],
        "sense": "SENSE_MAXIMIZE",
    }

    assert stated(json.dumps(document), "a.json") == {
        "sense": "max",
        "variables": [{"name": "x[0]", "lower": 0, "upper": 1}, {"name": "y", "lower": -1, "upper": 4}],
        "linear": [[0, 3]],
        "quadratic": [[0, 1, 2]],
        "offset": 0,
        "constraints": [{"name": "c3", "terms": [[1, 0.5]], "lower": None, "upper": 1}],
    }


def test_variables_of_ommx_stay_apart_and_unread_constraints_are_told() -> None:
    names, kind = ["a#2", "a", "a"], "KIND_BINARY"
    document: dict[str, Any] = {
        "decisionVariables": [{"id": str(k), "name": name, "kind": kind} for k, name in enumerate(names)],
        "objective": {"linear": {"terms": [{"id": "2", "coefficient": 5.0}]}},
        "sense": "SENSE_MINIMIZE",
    }

    assert [one["name"] for one in stated(json.dumps(document), "a.json")["variables"]] == ["a#2", "a", "a#2#2"]
    with pytest.raises(UnreadableFile, match="/sos1Constraints states constraints that are not read"):
        stated(json.dumps(document | {"sos1Constraints": {"1": {"variables": ["0", "1"]}}}), "a.json")


@pytest.mark.parametrize("bound", ["-inf <= y", "y >= -1e30", "-1e+20 <= y <= 1e20"])
def test_an_infinite_bound_of_lp_is_open(bound: str) -> None:
    text = f"Minimize\n y\nSubject To\n a: y <= 3\n b: y >= -2\nBounds\n {bound}\nGeneral\n y\nEnd\n"

    assert stated(text, "a.lp")["variables"] == [{"name": "y", "lower": -2, "upper": 3}]


@pytest.mark.parametrize("infinity", ["1e30", "Inf", "+infinity", "1000000000000000"])
def test_an_infinite_bound_of_mps_is_open(infinity: str) -> None:
    text = MPS.replace(" UP B y 3\n", f" UP B y {infinity}\n")

    assert stated(text, "a.mps")["variables"][1] == {"name": "y", "lower": 0, "upper": 4}


def _lp(rng: random.Random) -> str:
    """A program in the words of LP, written in as many ways as there are."""
    names = [f"{rng.choice(['x', 'y_', 'q.'])}{i}" for i in range(rng.randint(2, 6))]

    def total() -> str:
        parts = []
        for name in rng.sample(names, rng.randint(1, len(names))):
            number = rng.choice(["", "2", "1.5 ", "3e1 ", ".25 ", "12"])
            parts += [rng.choice(["+", "-"]), f"{number} {name}" if number else name]
        return " ".join(parts if parts[0] == "-" or rng.random() < 0.5 else parts[1:])

    def side() -> str:
        return str(rng.choice([0, 7, -3, 2.5]))

    rows = [f" c{k}: {total()} {rng.choice(['<=', '>=', '='])} {side()}" for k in range(4)]
    lines = [
        rng.choice(["Minimize", "maximize", "MAX", "min"]),
        f" obj: {total()}",
        rng.choice(["Subject To", "st", "s.t."]),
        *rows,
    ]
    lines += ["Bounds", *(f" {rng.choice(['-2 <= ', '0 <= ', ''])}{name} <= {rng.randint(1, 9)}" for name in names)]
    lines += [rng.choice(["General", "Generals", "gen"]), *(f" {name}" for name in names), "End", ""]
    return "\n".join(lines)


def _mps(rng: random.Random) -> str:
    rows = [(rng.choice("LGE"), f"r{k}") for k in range(4)]
    lines = [
        "NAME t",
        "OBJSENSE",
        f"    {rng.choice(['MAX', 'MIN'])}",
        "ROWS",
        " N cost",
        *(f" {kind} {name}" for kind, name in rows),
    ]
    lines += ["COLUMNS", "    M1 'MARKER' 'INTORG'"]
    names = [f"x{i}" for i in range(5)]
    for name in names:
        for row in ["cost", *(row for _, row in rows if rng.random() < 0.7)]:
            lines.append(f"    {name} {row} {rng.choice([1, -2, 0.5, 13])}")
    lines += [
        "    M2 'MARKER' 'INTEND'",
        "RHS",
        *(f"    RHS {row} {rng.randint(-5, 9)}" for _, row in rows),
        "    RHS cost 4",
    ]
    lines += ["RANGES", *(f"    RNG {row} {rng.choice([3, -3])}" for _, row in rows if rng.random() < 0.5)]
    lines += [
        "BOUNDS",
        *(f" {rng.choice(['UP', 'FX'][: 2 - (name == 'x0')])} BND {name} {rng.randint(1, 9)}" for name in names),
        " LO BND x0 -3",
    ]
    lines += ["QUADOBJ", "    x0 x0 2", "    x1 x2 3", "ENDATA", ""]
    return "\n".join(lines)


def _ours(text: str, name: str) -> dict[str, Any]:
    found = stated(text, name)
    names = [one["name"] for one in found["variables"]]
    return {
        "ok": True,
        "most": found["sense"] == "max",
        "offset": found["offset"],
        "costs": {names[i]: c for i, c in found["linear"]},
        "bounds": {one["name"]: [one["lower"], one["upper"]] for one in found["variables"]},
        "rows": [
            {
                "terms": {names[i]: a for i, a in one["terms"]},
                "lower": -math.inf if one["lower"] is None else one["lower"],
                "upper": math.inf if one["upper"] is None else one["upper"],
            }
            for one in found["constraints"]
        ],
        "quadratic": {" ".join(sorted((names[i], names[j]))): q for i, j, q in found["quadratic"]},
    }


def test_a_second_reader_reads_the_same(tmp_path: Path) -> None:
    """Given programs in many spellings, when HiGHS reads them too, then both have the same costs, bounds, rows and products."""
    rng = random.Random(11)
    texts = {f"p{k}.lp": _lp(rng) for k in range(40)} | {f"p{k}.mps": _mps(rng) for k in range(40)}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)

    found = subprocess.run(
        [sys.executable, second_program_reading.__file__, *map(str, map(tmp_path.joinpath, texts))],
        capture_output=True,
        check=True,
        timeout=100,
    )

    for (name, text), theirs in zip(texts.items(), json.loads(found.stdout), strict=True):
        assert _ours(text, name) == theirs, f"{name}\n{text}"


HEAD = "Minimize\n obj: x + y\nSubject To\n"
REFUSED = [
    ("a.lp", HEAD + " c: x + y >= 1\nEnd\n", 2, "x is continuous, and only whole numbers are answered"),
    ("a.lp", HEAD + " c: x + y >= 1\nGeneral\n x y\nEnd\n", 2, "x has no upper bound, and the constraints imply none"),
    ("a.lp", HEAD + " c: x * y >= 1\nBinary\n x y\nEnd\n", 4, "products stand in brackets"),
    ("a.lp", HEAD + " c: x >= 1 y\nBinary\n x y\nEnd\n", 4, "a side should be a number alone"),
    ("a.lp", HEAD + " c: x = 1 -> y >= 1\nBinary\n x y\nEnd\n", 4, "a condition of a constraint (->) is not read"),
    ("a.lp", HEAD + " c: x + y >= 1e400\nBinary\n x y\nEnd\n", 4, "a number of magnitude at most 1e15"),
    ("a.lp", HEAD + " c: x + y >= 1\nSOS1\n s: x:1 y:2\nEnd\n", 5, "special ordered sets are not read"),
    ("a.lp", HEAD + " c: x + y >= 1\nBounds\n x <= -2\nBinary\n x y\nEnd\n", 2, "no whole number between its bounds"),
    ("a.lp", "max: 3x + 2y;\nc1: x + y <= 4;\nint x;\n", 2, "LP format of lp_solve"),
    ("a.lp", HEAD + " c: x + y >= 1\nBinary\n x Generals y\nEnd\n", 6, "a section should begin on a line of its own"),
    ("a.lp", HEAD + f" c: x >= 0.{'3' * 41}\n x + y <= 1\nBinary\n x y\nEnd\n", 4, "is no number, or has too many digits"),
    ("a.lp", HEAD + " c: x + y >= 1\nBounds\n x >= 1e30\nBinary\n x y\nEnd\n", 7, "bounded by an infinity on this side"),
    ("a.mps", MPS.replace("BOUNDS\n", "RHS\n R few 3\nBOUNDS\n"), 19, "the row few has a side twice"),
    ("a.mps", MPS.replace("RHS\n", "RANGES\n R few 3\nRHS\n"), 19, "or a range before its side"),
    ("a.mps", MPS.replace(" UP B y 3\n", " UP B x y 3\n"), 20, "a bound should be its type"),
    ("a.mps", MPS.replace(" UP B y 3\n", " LO B y 1e30\n"), 20, "bounded by an infinity on this side"),
    ("a.mps", MPS.replace("ENDATA", "QMATRIX\n x y 4\nENDATA"), 24, "QMATRIX should list the product of x and y both ways"),
    ("a.mps", MPS.replace(" UP B y 3\n", " UP B y -3\n"), 20, "a negative upper bound without a lower one"),
    ("a.mps", MPS.replace(" UP B y 3\n", ""), 12, "an integer column without bounds, which programs read differently"),
    ("a.mps", MPS.replace(" BV B z", " UP B y 4"), 21, "the column y has the same bound twice"),
    ("a.mps", MPS.replace("ENDATA\n", ""), 21, "the file ends without ENDATA"),
    ("a.mps", MPS.replace("RHS\n", "SOS\n"), 16, "special ordered sets are not read"),
    ("a.mps", MPS.replace(" x more 1", " x most 1"), 11, "there is no row most"),
    ("a.mps", MPS.replace(" y gain 2 few 1", " y gain 2 few"), 12, "one or two rows with a number each"),
    ("a.mps", MPS.replace("UP B y", "UP C y"), 20, "BOUNDS has two sets, B and C"),
    ("a.mps", MPS.replace(" M 'MARKER' 'INTORG'", "*").replace(" BV B x\n", ""), 10, "x is continuous"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "line", "detail"), REFUSED, ids=[row[3][:40] for row in REFUSED])
def test_what_is_not_read_is_told_with_its_line(name: str, text: str, line: int, detail: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(text, file_name=name)

    assert detail in f"{refused.value.detail} {refused.value.remedy}"
    assert refused.value.line == line


def test_integers_without_bounds_are_what_is_asked_for() -> None:
    text = MPS.replace(" UP B y 3\n", "")

    upper = [stated(text, "a.mps", {"integers": wish})["variables"][1]["upper"] for wish in ("binary", "unbounded")]

    assert upper == [1, 4]


def test_what_the_constraints_imply_is_no_question() -> None:
    """Given a free integer that the rows hold, when the file states no bound, then it is read with what they imply."""
    text = "Minimize\n y\nSubject To\n a: x + 2 y <= 7\n b: x + y >= -2\nBounds\n y free\n x <= 5\nGeneral\n x y\nEnd\n"

    ranges = [{"name": "y", "lower": -7, "upper": 3}, {"name": "x", "lower": 0, "upper": 5}]
    assert stated(text, "a.lp")["variables"] == ranges


@pytest.mark.parametrize("third", ["0.33333333333333337", "0.3333333333333333"])
def test_what_is_implied_cuts_off_nothing_that_keeps_the_rows(third: str) -> None:
    text = f"Maximize\n y\nSubject To\n a: {third} y <= 1\nGeneral\n y\nEnd\n"
    kind, statement = kind_and_statement(text, "a.lp")

    assert statement.variables[0].upper == 3
    assert kind.violations(statement, {"values": {"y": 3}}) == []


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"variables": [{"name": "a"}, {"name": "a"}]}, "/problem/statement/variables/0/name"),
        ({"variables": [{"name": "a", "lower": 2}]}, "/problem/statement/variables/0/upper"),
        ({"variables": [{"name": "a b"}]}, "/problem/statement/variables/0/name"),
        ({"variables": [{"name": "a"}], "linear": [[1, 2]]}, "/problem/statement/linear/0/0"),
        ({"variables": [{"name": "a"}], "linear": [["b", 2]]}, "/problem/statement/linear/0/0"),
        ({"variables": [{"name": "a"}], "quadratic": [[0, 0, 1], [0, 0, 2]]}, "/problem/statement/quadratic/1"),
        ({"variables": [{"name": "a"}], "constraints": [{"terms": [[0, 1]]}]}, "/problem/statement/constraints/0"),
        (
            {"variables": [{"name": "a"}], "constraints": [{"terms": [[0, 1], [0, 1]], "upper": 1}]},
            "/problem/statement/constraints/0/terms/1/0",
        ),
    ],
)
def test_a_wrong_statement_names_its_field(wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        read_problem(json.dumps(wrong), kind="binary_program")

    assert pointer in [field.pointer for field in refused.value.fields]


def test_the_example_of_the_page_has_the_answer_that_it_states() -> None:
    page = Path(__file__).parents[3] / "infra/docs/how-to/binary-programs.md"
    stated_there = page.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0]
    kind, statement = kind_and_statement(stated_there, "page.json")

    found = kind.enumerated(statement)

    assert found == Enumerated({"values": {"van": 0, "truck": 1, "crates": 6}}, 19, 1)


SOLUTIONS = [
    ("=obj= 7\nx 1\ny 2.0000001\n", Solution({"values": {"x": 1, "y": 2, "z": 0}}, 7)),
    ("# Objective value = 7\nx 1\ny 2\nz 0\n", Solution({"values": {"x": 1, "y": 2, "z": 0}}, 7)),
    (
        "solution status: optimal\nobjective value: 7\nx 1 (obj:3)\ny 2 (obj:2)\n",
        Solution({"values": {"x": 1, "y": 2, "z": 0}}, 7),
    ),
    (
        "Optimal - objective value 7\n 0 x 1 3\n 1 y 2 2\n",
        Solution({"values": {"x": 1, "y": 2, "z": 0}}, 7),
    ),
]


@pytest.mark.parametrize(("text", "found"), SOLUTIONS, ids=["miplib", "gurobi", "scip", "cbc"])
def test_published_solutions_are_read(text: str, found: Solution) -> None:
    kind, statement = kind_and_statement(MPS, "a.mps")

    assert kind.solution(statement, text) == found
    assert kind.objective(statement, found.answer) == 7


def test_decimals_are_exact_and_rounded_numbers_within_what_is_told() -> None:
    """Given 0.1 + 0.2 <= 0.3 and three thirds in floats, then the first is exact, the second kept to within 1e-9."""
    text = "Maximize\n a + b + c\nSubject To\n e: 0.1 a + 0.2 b <= 0.3\n t: {0} a + {0} b + {0} c = 1\nBinary\n a b c\nEnd\n"
    kind, statement = kind_and_statement(text.format(repr(1 / 3)), "a.lp")

    assert kind.violations(statement, {"values": {"a": 1, "b": 1, "c": 1}}) == []
    assert [one.code for one in kind.violations(statement, {"values": {"a": 1, "b": 1, "c": 0}})] == ["constraint"]
    assert len(kind.assumptions(statement)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Minimize\n " + "+".join("x" * 1 + str(i % 10) for i in range(160)) + "\nst\n a: x1 >= 0\nEnd\n",
        "Minimize\n [ " + "x^2+" * 100,
        "Minimize\n x\nst\n" + "-" * 480 + "x",
        "Minimize\n x\nst\n" + "\\" * 480,
        "NAME\nROWS\n N c\nCOLUMNS\n" + " x c 1e-300 c 1e300\n" * 20,
    ],
)
def test_five_hundred_bytes_cost_no_more_than_their_reading(text: str) -> None:
    with pytest.raises(ProblemError):
        read_problem(text, file_name="a.mps" if text.startswith("NAME") else "a.lp")
