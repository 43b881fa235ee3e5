"""Kinds are found by name and version, built in or offered by an installed package."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from queuebit_contracts.events import ProblemSize
from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_problems import kinds as built_in
from queuebit_problems import registry
from queuebit_problems.admission import admit
from queuebit_problems.errors import BrokenKind, InvalidStatement, UnknownKind
from queuebit_problems.files import read_problem
from queuebit_problems.kinds.graphs.maxcut import MaxCut
from queuebit_problems.registry import built_in_modules, kind_of, kinds, parse_optimisation, parse_problem
from tests.fakes.ones_kind import KIND

BUILT_IN = (
    "assignment",
    "bin_packing",
    "binary_program",
    "circuit_batch",
    "circuit_sampling",
    "cvrp",
    "expectation",
    "flow_shop",
    "generalised_assignment",
    "generalised_assignment_cost",
    "graph_colouring",
    "job_shop",
    "kernel",
    "knapsack",
    "max_clique",
    "max_independent_set",
    "maxcut",
    "multi_knapsack",
    "number_partitioning",
    "portfolio",
    "quadratic_assignment",
    "quadratic_knapsack",
    "qubo",
    "tsp",
    "vrptw",
)

SAMPLE = (
    KIND
    + """

class OnesTwo(Ones):
    version = 2


ONES_TWO = OnesTwo()
NOT_A_KIND = 7
"""
)

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Lay a package with the entry points into a folder on the path, as an installer would."""

    def lay(*points: str) -> None:
        (tmp_path / "sample_kinds.py").write_text(SAMPLE)
        info = tmp_path / "sample_kinds-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sample-kinds\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[queuebit.problems]\n" + "\n".join(points) + "\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        importlib.invalidate_caches()
        registry.reload()

    yield lay
    sys.modules.pop("sample_kinds", None)
    monkeypatch.undo()
    registry.reload()


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lay a family with two versions of a kind beside the built-in ones."""
    folder = tmp_path / "counting"
    folder.mkdir()
    (folder / "__init__.py").write_text('KINDS = ("ones", "ones_v2")\n')
    (folder / "ones.py").write_text(f"{SAMPLE}\nKIND = Ones()\n")
    (folder / "ones_v2.py").write_text("from queuebit_problems.kinds.counting.ones import ONES_TWO as KIND\n")
    monkeypatch.setattr(built_in, "__path__", [*built_in.__path__, str(tmp_path)])
    registry.reload()
    yield
    monkeypatch.undo()
    for name in [name for name in sys.modules if name.startswith(f"{built_in.__name__}.counting")]:
        del sys.modules[name]
    registry.reload()


def test_the_built_in_kinds_are_listed_and_found() -> None:
    assert kinds() == BUILT_IN
    assert [kind_of(name).name for name in kinds()] == list(kinds())
    assert kind_of("maxcut") is kind_of("maxcut", 1)


def test_only_kinds_that_say_so_are_admitted_without_a_bound_on_the_time(install: Install) -> None:
    """What runs a program, and what a package offers without a word, is admitted where it can be stopped."""
    install("ones = sample_kinds:Ones")

    linear = {name for name in kinds() if kind_of(name).admission_is_linear}

    assert {"maxcut", "qubo", "knapsack"} <= linear
    assert not linear & {"circuit_sampling", "ones"}


def test_a_problem_is_parsed_by_its_kind() -> None:
    kind, statement = parse_problem(Problem(kind="maxcut", statement={"nodes": 2, "edges": [[1, 0]]}))

    assert isinstance(kind, MaxCut)
    assert statement.model_dump(mode="json") == {"nodes": 2, "edges": [[0, 1, 1]]}


def test_an_unknown_kind_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnknownKind) as refused:
        kind_of("sudoku")

    assert [error.pointer for error in refused.value.fields] == ["/problem/kind"]
    assert ", ".join(BUILT_IN) in refused.value.remedy


def test_an_unknown_version_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnknownKind) as refused:
        kind_of("maxcut", 2)

    assert [error.pointer for error in refused.value.fields] == ["/problem/version"]
    assert refused.value.remedy == "Use version 1."


def test_a_wrong_statement_is_refused_by_field() -> None:
    with pytest.raises(InvalidStatement) as refused:
        parse_problem(Problem(kind="maxcut", statement={"nodes": "2", "edges": []}))

    assert [error.pointer for error in refused.value.fields] == ["/problem/statement/nodes"]


def test_a_package_adds_a_kind_by_an_entry_point(install: Install) -> None:
    install("ones = sample_kinds:Ones", "ones = sample_kinds:ONES_TWO")

    assert kinds() == tuple(sorted((*BUILT_IN, "ones")))
    kind, statement = parse_optimisation(Problem(kind="ones", statement={"bits": 4}))
    assert kind.objective(statement, {"x": [1, 1, 0, 1]}) == 3
    assert kind.enumerated(statement) is None
    assert read_problem("ones 5").statement == {"bits": 5}


@pytest.mark.usefixtures("family")
def test_a_folder_among_the_built_in_kinds_is_all_that_a_new_kind_needs() -> None:
    """A family is laid beside the others; nothing of the rest of the tree is touched, and its kind is one as any other."""
    assert kinds() == tuple(sorted((*BUILT_IN, "ones")))
    assert set(built_in_modules()) > {f"{built_in.__name__}.counting.{name}" for name in ("ones", "ones_v2")}
    assert [kind_of("ones").version, kind_of("ones", 2).version] == [1, 2]
    admitted = admit(JobRequest(tenant="acme", problem=read_problem("ones 5")))
    assert admitted.admission.size == ProblemSize(variables=5, qubits=5, terms=5)
    kind, statement = parse_optimisation(Problem(kind="ones", statement={"bits": 4}))
    assert kind.objective(statement, kind.improve(statement, {"x": [0, 1, 0, 0]})) == 4


def test_a_package_may_offer_a_later_version_alone(install: Install) -> None:
    install("ones = sample_kinds:ONES_TWO")

    assert kind_of("ones", 2).version == 2
    with pytest.raises(UnknownKind) as refused:
        kind_of("ones", 1)
    assert refused.value.remedy == "Use version 2."


def test_no_package_replaces_a_built_in_kind(install: Install) -> None:
    install("maxcut = sample_kinds:Ones")

    assert isinstance(kind_of("maxcut"), MaxCut)
    with pytest.raises(UnknownKind, match="no version 2"):
        kind_of("maxcut", 2)


@pytest.mark.parametrize(
    ("point", "detail"),
    [
        ("broken = sample_kinds:NOT_A_KIND", "neither a subclass nor an instance"),
        ("broken = sample_kinds:Missing", "fails to load: AttributeError"),
        ("broken = no_such_module:Kind", "fails to load: ModuleNotFoundError"),
        ("broken = sample_kinds:Ones", "says that its name is 'ones'"),
    ],
)
def test_a_package_that_breaks_its_promise_is_named(install: Install, point: str, detail: str) -> None:
    install(point)

    with pytest.raises(BrokenKind, match=detail) as refused:
        kind_of("broken")

    assert refused.value.remedy == "Repair or remove sample-kinds."
    assert read_problem("2\n0 1\n").kind == "maxcut"


def test_importing_the_registry_imports_no_kind_and_nothing_heavy() -> None:
    heavy = ("queuebit_problems.kinds.graphs.maxcut", "numpy", "ortools", "qiskit")
    script = f"import sys, queuebit_problems.registry; print([name for name in {heavy} if name in sys.modules])"

    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_the_kinds_work_where_numpy_is_not_installed() -> None:
    script = (
        "import sys; sys.modules['numpy'] = None\n"
        "from queuebit_problems.registry import kind_of, kinds\n"
        "found = [kind_of(name) for name in kinds()]\n"
        "sizes = [kind.size(kind.parse(kind.example().model_dump(mode='json'))) for kind in found]\n"
        "print([kind.name for kind in found"
        " if kind.family == 'optimisation' and kind.enumerated(kind.example()) is None])"
    )

    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("lane", ["quantum", "classical", "rule"])
def test_a_target_on_a_lane_that_simulates_nothing_is_refused(lane: Any) -> None:
    problem = Problem(kind="maxcut", statement={"nodes": 2, "edges": [[0, 1, 1]]})
    asked = JobRequest(tenant="acme", problem=problem, lane=lane, params={"target": "fake_manila"})

    with pytest.raises(InvalidStatement, match=f"the lane is {lane}") as refused:
        admit(asked)

    assert [each.pointer for each in refused.value.fields] == ["/params/target"]
    assert admit(asked.model_copy(update={"lane": "auto"})).request.params == {"target": "fake_manila"}
