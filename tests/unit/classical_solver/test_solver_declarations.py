"""What searches say of themselves: each file declares one, and no other place knows a kind by name."""

from __future__ import annotations

import ast
import importlib
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import queuebit_classical_solver
from queuebit_classical_solver.cascade.rungs import built_in_modules, declared, package_of_method, reload, rungs
from queuebit_classical_solver.declaration import LAST, Search, Turn
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Limits, ignore_progress, never_stop
from queuebit_classical_solver.searches.any_cp_sat import CpSatSolver
from queuebit_problems.registry import kinds, parse_optimisation
from tests.unit.classical_solver.orders import a_hard_cut

SERVICE = Path(queuebit_classical_solver.__file__).parent


def _words(path: Path) -> set[str]:
    """Every string of a file that is one of a program's values, and no docstring."""
    return {
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.parametrize("module", built_in_modules())
def test_each_file_of_searches_declares_one_search(module: str) -> None:
    found = importlib.import_module(module)

    assert isinstance(found.SEARCH, Search)
    assert found.SEARCH.method == found.METHOD
    assert version(found.SEARCH.package)


def test_no_two_searches_are_called_the_same() -> None:
    methods = [search.method for search in declared()]

    assert sorted(set(methods)) == sorted(methods)
    assert package_of_method() == {search.method: search.package for search in declared()}


def test_a_search_names_only_kinds_that_there_are() -> None:
    named = {kind for rung in rungs() for kind in rung.turn.kinds or ()}

    assert named <= set(kinds())


def test_outside_searches_no_kind_is_known_by_name() -> None:
    elsewhere = [path for path in SERVICE.rglob("*.py") if path.relative_to(SERVICE).parts[0] != "searches"]

    assert len(elsewhere) > 10
    assert {path.name: _words(path) & set(kinds()) for path in elsewhere if _words(path) & set(kinds())} == {}


@pytest.mark.parametrize("variables", [1, 50, 500, 5000])
@pytest.mark.parametrize("kind", [*kinds(), "a kind of others"])
def test_turns_come_in_the_order_of_their_places_and_end_with_what_serves_all(kind: str, variables: int) -> None:
    serving = [rung.turn for rung in rungs() if rung.serves(kind, variables)]

    places = [turn.place for turn in serving]
    assert places == sorted(set(places))
    assert serving[-1] == Turn(CpSatSolver(), 1.0, LAST)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Turn(CpSatSolver(), share)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", "AttributeError"),
        ("raise RuntimeError('out of order')", "RuntimeError: out of order"),
        ("SEARCH = 7", "is no queuebit_classical_solver.declaration.Search"),
        (
            "from queuebit_classical_solver.declaration import Search\nSEARCH = Search('m', 'nobody-ships-this')",
            "nobody-ships-this",
        ),
    ],
)
def test_a_search_that_fails_to_load_takes_nothing_from_the_others_and_is_told(
    written: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = rungs()
    (tmp_path / "sample_search.py").write_text(written)
    info = tmp_path / "sample_search-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sample-search\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[queuebit.searches]\nsample = sample_search:SEARCH\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "sample_search", raising=False)
    reload()
    try:
        first, *others = rungs()
    finally:
        monkeypatch.undo()
        sys.modules.pop("sample_search", None)
        reload()

    assert tuple(others) == ours
    with pytest.raises(NothingFound, match="The search sample of sample-search") as told:
        first.turn.solver.solve(
            *parse_optimisation(a_hard_cut(30)),
            limits=Limits(1.0, 1),
            hint=None,
            on_progress=ignore_progress,
            stop=never_stop,
        )
    assert complaint in str(told.value)
