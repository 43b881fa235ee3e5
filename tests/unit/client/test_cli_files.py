"""From a file to the body of a submission: formats of the field, what lies beside them, parameters, and what is refused."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from queuebit_client.cli.files import BadFile, BadFlag, KindsMissing, body_of
from queuebit_client.cli.options import Submission

SHARED = Path(os.environ.get("QUEUEBIT_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared data folder is not there (QUEUEBIT_SHARED_DATA)"
)

FAMILIES: list[tuple[str, str, bool]] = [
    ("assignment/lap/*.txt", "assignment", False),
    ("assignment/derived_small/*.txt", "assignment", False),
    ("assignment/gap/*.txt", "generalised_assignment", True),
    ("assignment/qap/*.dat", "quadratic_assignment", True),
    ("assignment/derived_small/*.dat", "quadratic_assignment", True),
    ("binpacking/**/*.txt", "bin_packing", True),
    ("clique_mis/*.clq", "max_clique", True),
    ("clique_mis/**/*.mis", "max_independent_set", True),
    ("cvrp/**/*.vrp", "cvrp", True),
    ("graph_coloring/**/*.col", "graph_colouring", True),
    ("jobshop/*[0-9]", "job_shop", True),
    ("jobshop/derived_small/*", "job_shop", True),
    ("knapsack/01/*", "knapsack", True),
    ("knapsack/mkp/*.txt", "multi_knapsack", True),
    ("knapsack/qkp/*.txt", "quadratic_knapsack", True),
    ("maxcut/qedc/*.txt", "maxcut", True),
    ("maxcut/biqmac/*", "maxcut", False),
    ("maxcut/gset/G[0-9]*[0-9].txt", "maxcut", False),
    ("portfolio/*_return_sd.txt", "portfolio", True),
    ("portfolio/select/*.json", "portfolio", True),
    ("qubo/**/*.sparse", "qubo", True),
    ("tsp/**/*.*tsp", "tsp", True),
]
"""Where the instances of a kind are, and whether their form tells the kind: rudy's could be a QUBO too,
a table of numbers much else."""
SEVERAL = {"assignment": "assignment or tsp", "maxcut": "maxcut or qubo"}
CUT_UNNOTICED = "maxcut/qedc/*.txt"
"""A list of edges that states no number of edges is still one when it is cut off."""


def instances(*left_out: str) -> list[Any]:
    return [
        pytest.param(path, kind, told, id=path.relative_to(SHARED).as_posix())
        for pattern, kind, told in FAMILIES
        if pattern not in left_out
        for path in sorted(SHARED.glob(pattern))
        if path.is_file()
    ]


@needs_shared
@pytest.mark.parametrize(("path", "kind", "told"), instances())
def test_a_published_file_is_read(path: Path, kind: str, told: bool) -> None:
    body = body_of(Submission(str(path), kind if not told else None))

    assert body.keys() == {"problem"}
    assert body["problem"]["kind"] == kind
    if not told:
        with pytest.raises(BadFile) as caught:
            body_of(Submission(str(path)))
        assert caught.value.detail == f"{path.name} could be {SEVERAL[kind]}."
        assert caught.value.remedy == f"Give --kind; one of {SEVERAL[kind].replace(' or ', ', ')}."


@needs_shared
@pytest.mark.parametrize(("path", "kind", "told"), instances(CUT_UNNOTICED))
def test_a_published_file_that_is_cut_off_is_refused(path: Path, kind: str, told: bool, tmp_path: Path) -> None:
    for name in (path.name, path.name.replace("_return_sd", "_correlation")):
        (tmp_path / name).write_text((path.parent / name).read_text())
    cut = tmp_path / path.name
    text = cut.read_text()
    cut.write_text(text[: len(text) // 2])

    with pytest.raises(BadFile) as caught:
        body_of(Submission(str(cut), kind))

    assert path.name in caught.value.detail
    assert caught.value.remedy


@needs_shared
@pytest.mark.parametrize("pattern", ["maxcut/gset/*_cut.txt", "portfolio/*_frontier.txt", "cvrp/*.sol", "*/README.md"])
def test_what_is_no_instance_is_refused(pattern: str) -> None:
    found = sorted(SHARED.glob(pattern))

    assert found
    for path in found:
        with pytest.raises(BadFile, match=path.name) as caught:
            body_of(Submission(str(path)))
        assert "--kind" in caught.value.remedy


RETURNS = "1 0.1 0.2\n2 0.2 0.3\n"
CORRELATIONS = "1 1 1\n1 2 0.5\n2 2 1\n"
ROUTES = """NAME : A-n3-k2\nTYPE : CVRP\nDIMENSION : 3\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 5
NODE_COORD_SECTION\n1 0 0\n2 3 4\n3 0 5\nDEMAND_SECTION\n1 0\n2 2\n3 2\nDEPOT_SECTION\n1\n-1\nEOF\n"""
TWO_PROBLEMS = "2\n2 1 0\n5 6\n1 1\n1\n1 1 0\n7\n1\n1\n"


def test_what_a_file_needs_is_read_beside_it(tmp_path: Path) -> None:
    (tmp_path / "x_return_sd.txt").write_text(RETURNS)
    (tmp_path / "x_correlation.txt").write_text(CORRELATIONS)

    body = body_of(Submission(str(tmp_path / "x_return_sd.txt"), params=["min_return=0.15"]))

    assert body["params"] == {"min_return": 0.15}
    statement = body["problem"]["statement"]
    assert (statement["min_return"], statement["deviations"]) == (0.15, [0.2, 0.3])
    assert statement["correlations"] == [[], [0.5]]


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        (None, "X_correlation.txt beside it"),
        ("1 1 1\n1 2 half\n2 2 1\n", "x_correlation.txt, line 2"),
        (b"\xff\xfe", "x_correlation.txt is not text in UTF-8"),
    ],
)
def test_a_mistake_beside_a_file_is_named(tmp_path: Path, beside: str | bytes | None, said: str) -> None:
    (tmp_path / "x_return_sd.txt").write_text(RETURNS)
    if beside is not None:
        (tmp_path / "x_correlation.txt").write_bytes(beside.encode() if isinstance(beside, str) else beside)

    with pytest.raises(BadFile) as caught:
        body_of(Submission(str(tmp_path / "x_return_sd.txt")))

    assert said in caught.value.detail
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "text", "kind", "params", "stated"),
    [
        ("a.vrp", ROUTES, None, [], ("vehicles", 2)),
        ("a.vrp", ROUTES, None, ["vehicles=3"], ("vehicles", 3)),
        ("m.txt", TWO_PROBLEMS, "multi_knapsack", ["problem=2"], ("profits", [7])),
    ],
)
def test_parameters_reach_the_reader_and_the_job(
    tmp_path: Path, name: str, text: str, kind: str | None, params: list[str], stated: tuple[str, Any]
) -> None:
    (tmp_path / name).write_text(text)

    body = body_of(Submission(str(tmp_path / name), kind, params=params))

    assert body["problem"]["statement"][stated[0]] == stated[1]
    given = (one.split("=") for one in params)
    assert body.get("params", {}) == {key: int(value) for key, value in given}


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("0.5", 0.5), ("true", True), ("word", "word"), ("NaN", "NaN"), ("1e999", "1e999"), ("[1]", "[1]")],
)
def test_a_parameter_is_a_number_where_json_can_state_it(tmp_path: Path, text: str, value: Any) -> None:
    (tmp_path / "p.json").write_text('{"kind": "maxcut", "statement": {}}')

    assert body_of(Submission(str(tmp_path / "p.json"), params=[f"a={text}"]))["params"] == {"a": value}


@pytest.mark.parametrize(
    ("name", "text", "params", "said"),
    [
        ("a.vrp", ROUTES, ["vehicles=none"], "a.vrp: the param vehicles"),
        ("m.txt", TWO_PROBLEMS, [], "m.txt"),
        ("a.vrp", ROUTES.replace("2 3 4", "2 3 x"), [], "a.vrp, line 8"),
        ("p.json", '{"kind": "maxcut", "statement": {"nodes": 2, "edges": [[0, 5, 1]]}}', [], "/statement/edges"),
        ("p.json", '{"nodes": 2}', [], 'without "kind"'),
        ("p.json", '{"kind": "maxcut", "statement": {"nodes": NaN}}', [], "p.json is not valid JSON: NaN"),
        ("p.json", '{"kind": "sudoku", "statement": {}}', [], "sudoku"),
    ],
)
def test_a_mistake_is_found_here_with_its_place(
    tmp_path: Path, name: str, text: str, params: list[str], said: str
) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(BadFile) as caught:
        body_of(Submission(str(tmp_path / name), params=params), here=True)

    assert said in caught.value.detail
    assert caught.value.remedy


def test_what_is_stated_in_our_own_words_is_left_to_the_server(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    problem = {"kind": "of_tomorrow", "version": 2, "statement": {"new": 1}}
    path.write_text(json.dumps({"problem": problem, "seed": 1}))

    assert body_of(Submission(str(path))) == {"problem": problem, "seed": 1}
    path.write_text(json.dumps(problem["statement"]))
    assert body_of(Submission(str(path), "of_tomorrow")) == {
        "problem": {"kind": "of_tomorrow", "statement": {"new": 1}}
    }
    path.write_text(json.dumps(problem))
    with pytest.raises(BadFlag, match="--kind says tsp"):
        body_of(Submission(str(path), "tsp"))


@pytest.mark.parametrize(
    "read", [lambda file: body_of(Submission(file)), lambda file: body_of(Submission(file, "tsp"))]
)
def test_without_kinds_here_formats_of_the_field_need_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[str], Any]
) -> None:
    monkeypatch.setitem(sys.modules, "queuebit_problems.files", None)
    (tmp_path / "a.txt").write_text("2\n0 1\n")

    with pytest.raises(KindsMissing) as caught:
        read(str(tmp_path / "a.txt"))

    assert caught.value.remedy == "Install it: pip install 'queuebit[problems]'."
