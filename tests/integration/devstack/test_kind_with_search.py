"""A new kind with its search is one folder: a package that offers both is answered by its own search."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.ones_kind import KIND

SEARCH = '''
"""A search that sees the answer."""

from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.ports import Progress, Solution


class AllOnes:
    def solve(self, kind, statement, *, limits, hint, on_progress, stop):
        answer = {"x": [1] * statement.bits}
        on_progress(Progress(statement.bits, statement.bits, answer, "all ones"))
        return Solution(answer, statement.bits, statement.bits, True, "all ones", details={"status": "OPTIMAL"})


SEARCH = Search("all ones", "queuebit-ones", (Turn(AllOnes(), 0.5, 1, frozenset({"ones"})),))
'''

METADATA = "Metadata-Version: 2.1\nName: queuebit-ones\nVersion: 1.2\n"
KIND_POINT = "[queuebit.problems]\nones = queuebit_ones.kind:Ones\n"
SEARCH_POINT = "[queuebit.searches]\nones = queuebit_ones.search:SEARCH\n"


def installed(site: Path, points: str) -> list[str]:
    """Lay the package and its entry points into a folder, as an installer would; the files that its author wrote."""
    folder, info = site / "queuebit_ones", site / "queuebit_ones-1.2.dist-info"
    folder.mkdir()
    info.mkdir()
    (folder / "kind.py").write_text(KIND)
    (folder / "search.py").write_text(SEARCH)
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(points)
    return sorted(path.name for path in folder.iterdir())


def answered(site: Path) -> dict[str, Any]:
    """The document of one job that asks for 300 ones: all five services, the search in a process of its own."""
    question = site / "question.ones"
    question.write_text("ones 300")
    command = [str(Path(sys.executable).with_name("queuebit")), "run", str(question), "--seed", "7", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=environment)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.parametrize(
    ("points", "ran"),
    [
        (KIND_POINT + SEARCH_POINT, ("all ones", "queuebit-ones", "1.2")),
        (KIND_POINT, ("cp-sat", "ortools", None)),
        (
            KIND_POINT + SEARCH_POINT.replace(":SEARCH", ":AllOnes"),
            ("cp-sat", "ortools", None),
        ),
    ],
    ids=["with its search", "without it", "with one that cannot be used"],
)
def test_a_kind_of_a_package_is_answered_by_the_search_of_the_package(
    tmp_path: Path, points: str, ran: tuple[str, str, str | None]
) -> None:
    """Given a package of two files, when a problem of its kind is asked, then its own search answers and is named."""
    written = installed(tmp_path, points)

    found = answered(tmp_path)

    assert written == ["kind.py", "search.py"]
    assert (found["state"], found["verdict"], found["objective"], found["proven_optimal"]) == (
        "completed",
        "accepted",
        300,
        True,
    )
    method, backend, backend_version = ran
    assert (found["ran"]["method"], found["ran"]["backend"]) == (method, backend)
    assert backend_version in {found["ran"]["backend_version"], None}
