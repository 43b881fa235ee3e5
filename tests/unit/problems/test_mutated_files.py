"""Files of every format, broken in every way that comes to mind: read as a valid statement or refused with place and remedy."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from queuebit_problems.errors import InvalidStatement, ProblemError, UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.formats.text import parse_number
from queuebit_problems.kind import Params
from queuebit_problems.registry import kind_of
from tests.unit.problems.field_files import EXAMPLES, OPEN

SHARED = Path(os.environ.get("QUEUEBIT_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
PLACES_MAX = 40
WORDS = {
    "lp",
    "mps",
    "tail",
    "fsp",
    "pisinger",
    "tsp",
    "atsp",
    "triangle",
    "vrp",
    "col",
    "clq",
    "mis",
    "binpack",
    "qkp",
    "solomon",
}
"""Formats that hold words, which may say anything."""
PARAMS: dict[str, Params] = {name: {"problem": 2} for name in ("binpack", "bqp", "gaps", "mknaps")}
ODD_TOKENS = [
    *["x", "nan", "inf", "-inf", "1e400", "1e-400", "-1", "1.5", "0x1", "1_0", "--", "²", "٣", "\x00", "1,5", "1/2"],
    *["9" * 5000, "1000000000", "10000", "1" + "0" * 22],
]
NO_NUMBERS = [token for token in ODD_TOKENS if parse_number(token) is None]
PLACE = re.compile(
    r"line \d|after line|at once|_SECTION|(is|are) missing|the first line|could be|no kind recognises|JSON|no JSON"
)


def read(text: str, kind: str | None, params: Params | None = None) -> bool:
    """Whether the text states a problem; if not, the refusal says where and what to do. Any other error is a failure."""
    refusal: UnreadableFile | InvalidStatement | None = None
    try:
        problem = read_problem(text, file_name="file", kind=kind, params=params)
    except (UnreadableFile, InvalidStatement) as error:
        refusal = error
    if refusal is not None:
        assert refusal.fields or PLACE.search(refusal.detail), refusal.detail
        assert refusal.remedy
        assert len(refusal.detail) < 3_000
        return False
    again = kind_of(problem.kind).parse(problem.statement)
    assert again.model_dump(mode="json") == problem.statement
    return True


def places(text: str, seed: int) -> list[tuple[int, int]]:
    """(line, token) of the numbers in a text: all of a small one, some of a large one."""
    found = [
        (k, place)
        for k, line in enumerate(text.splitlines())
        for place, token in enumerate(line.split())
        if parse_number(token) is not None
    ]
    return found if len(found) <= PLACES_MAX else sorted(random.Random(seed).sample(found, PLACES_MAX))


def edited(text: str, line: int, place: int, *tokens: str) -> str:
    """The text with other tokens instead of one."""
    lines = text.splitlines()
    words = lines[line].split()
    lines[line] = " ".join([*words[:place], *tokens, *words[place + 1 :]])
    return "\n".join(lines) + "\n"


examples = pytest.mark.parametrize(("name", "kind", "text"), EXAMPLES, ids=[name for name, _, _ in EXAMPLES])


@examples
def test_the_file_itself_is_read_however_its_lines_end(name: str, kind: str, text: str) -> None:
    params = PARAMS.get(name)
    whole = read_problem(text, kind=kind, params=params)

    for variant in (
        f"\ufeff{text}",
        text.replace("\n", "\r\n"),
        text.replace(" ", "\t"),
        text.rstrip(),
        f"{text}\n \n",
    ):
        assert read_problem(variant, kind=kind, params=params) == whole


@examples
def test_a_file_that_is_cut_off_is_refused(name: str, kind: str, text: str) -> None:
    lines = text.splitlines()
    whole = read_problem(text, kind=kind, params=PARAMS.get(name))

    for count in range(len(lines)):
        cut = "".join(f"{line}\n" for line in lines[:count])
        read(cut, None)
        if read(cut, kind, PARAMS.get(name)) and name not in OPEN:
            assert read_problem(cut, kind=kind, params=PARAMS.get(name)) == whole, f"cut after line {count}"
    for length in range(0, len(text), max(1, len(text) // PLACES_MAX)):
        read(text[:length], kind, PARAMS.get(name))


@examples
def test_a_number_less_or_more_is_refused(name: str, kind: str, text: str) -> None:
    for line, place in places(text, 1):
        token = text.splitlines()[line].split()[place]
        for changed in (edited(text, line, place), edited(text, line, place, token, "1")):
            taken = read(changed, kind, PARAMS.get(name))
            assert not taken or name in OPEN | WORDS | {"gaps"}, changed  # With `2` for `1 2`, it is one problem.
            read(changed, None)


@examples
def test_what_is_no_number_is_refused(name: str, kind: str, text: str) -> None:
    for line, place in places(text, 2):
        for token in ODD_TOKENS:
            taken = read(edited(text, line, place, token), kind, PARAMS.get(name))
            assert not (taken and token in NO_NUMBERS) or name in WORDS, (token, line, place)
        read(edited(text, line, place, NO_NUMBERS[line % len(NO_NUMBERS)]), None)


@examples
def test_lines_that_are_doubled_lost_or_exchanged_do_no_harm(name: str, kind: str, text: str) -> None:
    lines, rng = text.splitlines(), random.Random(3)

    for _ in range(PLACES_MAX):
        i, k = rng.randrange(len(lines)), rng.randrange(len(lines))
        swapped = list(lines)
        swapped[i], swapped[k] = swapped[k], swapped[i]
        for changed in (lines[:i] + lines[i + 1 :], [*lines[:i], lines[i], *lines[i:]], swapped):
            read("\n".join(changed), kind, PARAMS.get(name))
            read("\n".join(changed), None)


def test_junk_is_refused_by_every_kind() -> None:
    rng = random.Random(4)
    junk = [
        "",
        " \n\t\r\n",
        "\x00\x01\x02" * 50,
        "".join(map(chr, rng.choices(range(1, 0x3000), k=2_000))),
        "".join(map(chr, rng.choices(range(32, 127), k=2_000))),
        "0",
        "-",
        "1 " * 5_000,
        "9" * 100_000,
        "1000000000\n1\n2\n",
        "1000000000 1000000000\n1 2\n",
        "1000000000 1000000000 1000000000\n1 2 3\n",
        "10000 10000\n1 2 1\n",
        "p edge 1000000000 1000000000\ne 1 2\n",
        "1\n1000000000 1000000000 0\n1\n",
        "TYPE : TSP\nDIMENSION : 1000000000\nEDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n1 1 1\n",
        "TYPE : CVRP\nDIMENSION : 10000\nEDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n1 1 1\n",
    ]
    kinds = {kind for _, kind, _ in EXAMPLES}

    taken = [(kind, text) for kind in sorted(kinds) for text in junk if read(text, kind)]
    for text in junk:
        read(text, None)

    assert {kind for kind, _ in taken} <= {"maxcut", "number_partitioning"}  # Five nodes and no edges are a graph.


IMPOSSIBLE: list[tuple[str, str, Params | None, str]] = [
    ("knapsack", "1 -5\n1 1\n", None, "line 1: the capacity"),
    ("multi_knapsack", "1\n1 1 0\n5\n1\n-2\n", None, "line 5: a capacity"),
    ("job_shop", "1 2\n0 1 2 2\n", None, "line 2: a machine"),
    ("bin_packing", "1\n10\n11\n", None, "line 3: a size"),
    ("generalised_assignment", "1 2\n5 5\n3 9\n4\n", None, "/capacities: leave no agent that has what job 1 uses"),
    ("generalised_assignment", "2 2\n5 5\n5 5\n3 3\n3 3\n4 1\n", None, "/capacities: are less together than the 6"),
    ("portfolio", "1 0.1 0.2\n2 0.2 0.3\n1 2 0.5\n", {"budget": 3}, "/budget: should be at most the 2 assets"),
    (
        "portfolio",
        "1 0.1 0.2\n2 0.2 0.3\n1 2 0.5\n",
        {"min_return": 0.5},
        "/min_return: is more than any asset returns",
    ),
]


@pytest.mark.parametrize(("kind", "text", "params", "detail"), IMPOSSIBLE)
def test_what_no_answer_can_satisfy_is_refused(kind: str, text: str, params: Params | None, detail: str) -> None:
    with pytest.raises(ProblemError) as refused:
        read_problem(text, file_name="f", kind=kind, params=params)

    assert detail in refused.value.detail


def test_a_statement_that_is_too_large_to_be_carried_is_refused_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queuebit_problems.admission.STATEMENT_BYTES_MAX", 1_000)
    edges = [[u, v] for u in range(1, 40) for v in range(1, u)]
    text = f"p edge 40 {len(edges)}\n" + "".join(f"e {u} {v}\n" for u, v in edges)

    with pytest.raises(InvalidStatement) as refused:
        read_problem(text, file_name="dense.clq")

    assert re.search(r"has \d{4} bytes in normal form; at most 1000 are taken", refused.value.detail)
    assert [field.pointer for field in refused.value.fields] == ["/problem/statement"]


def test_nothing_heavy_is_imported_on_the_way() -> None:
    script = (
        "import sys\n"
        "from queuebit_problems.files import read_problem\n"
        "from tests.unit.problems.field_files import EXAMPLES\n"
        "for name, kind, text in EXAMPLES:\n"
        "    for wrong in (text + '1 x', text[:len(text) // 2], '1000000000 7'):\n"
        "        try:\n            read_problem(wrong, kind=kind)\n"
        "        except Exception as error:\n            assert error.remedy\n"
        "print([name for name in ('numpy', 'ortools', 'scipy', 'qiskit', 'dimod') if name in sys.modules])\n"
    )

    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    )

    assert found.stdout == "[]\n"


SMALL_SHARED = [
    ("assignment", "assignment/derived_small/assign5_first4.txt"),
    ("generalised_assignment", "assignment/gap/gap1_1.txt"),
    ("quadratic_assignment", "assignment/derived_small/nug12_first5.dat"),
    ("bin_packing", "binpacking/derived_small/u120_00_first6.txt"),
    ("max_clique", "clique_mis/johnson8-2-4.clq"),
    ("cvrp", "cvrp/E-n13-k4.vrp"),
    ("graph_colouring", "graph_coloring/myciel3.col"),
    ("job_shop", "jobshop/ft06"),
    ("multi_knapsack", "knapsack/mkp/mknap1_1.txt"),
    ("quadratic_knapsack", "knapsack/qkp/jeu_100_25_1.txt"),
    ("portfolio", "portfolio/select/port1_select_n4_b2.json"),
    ("tsp", "tsp/gr17.tsp"),
    ("tsp", "tsp/burma14.tsp"),
]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not there (QUEUEBIT_SHARED_DATA)")
@pytest.mark.parametrize(("kind", "file"), SMALL_SHARED, ids=[file for _, file in SMALL_SHARED])
def test_published_files_broken_at_random_do_no_harm(kind: str, file: str) -> None:
    text = (SHARED / file).read_text()
    rng = random.Random(5)

    for changed in broken(text, rng):
        read(changed, kind)
    for changed in list(broken(text, rng))[::5]:
        read(changed, None)


def broken(text: str, rng: random.Random) -> Iterator[str]:
    """The text with pieces lost, doubled or replaced, anywhere."""
    for _ in range(PLACES_MAX):
        at, length = rng.randrange(len(text)), rng.randint(1, 12)
        yield text[:at]
        yield text[:at] + text[at + length :]
        yield text[: at + length] + text[at:]
        yield text[:at] + rng.choice(["x", "-", " ", "\n", "9" * 20, "\x00", ".", ":", "é"]) + text[at:]
