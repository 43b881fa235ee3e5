"""What the pages show to be typed without a server answers as it stands; and the Python that they show can be used."""

from __future__ import annotations

import json
import os
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from queuebit_classical_solver.declaration import Search, Turn
from queuebit_runtime.processes.pool import InlinePool
from queuebit_workbench import local
from queuebit_workbench.circuits import files
from tests.pages import DOCS, ROOT, RUN_HERE, typed_by
from tests.typed import typed

pytestmark = pytest.mark.tutorials
SOURCES = [path for part in ("libs", "services") for path in (ROOT / part).glob("*/src/**/*.py")]
BELL = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;\n'
LP = """Maximize
 obj: 5 crates - 8 van
Subject To
 room: crates - 3 van <= 0
Bounds
 crates <= 9
General
 crates
Binary
 van
End
"""
MPS = """NAME plan
ROWS
 N cost
 G need
COLUMNS
 M1 'MARKER' 'INTORG'
 x cost 2 need 1
 y cost 3 need 1
 M2 'MARKER' 'INTEND'
RHS
 RHS need 3
BOUNDS
 UP BND x 2
 UP BND y 4
ENDATA
"""
FILES = {
    "bell.qasm": BELL,
    "plan.lp": LP,
    "plan.mps": MPS,
    "plan.sol": "=obj= 7\nx 2\ny 1\n",
    "FILE": "4 4\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n",
}
SHOWN = (
    "README.md",
    "explanation/circuits.md",
    "explanation/honesty-report.md",
    "how-to/binary-programs.md",
    "how-to/backends.md",
)
_PARAM = re.compile(r"--param '?([a-z_]+)(?==)")


class Inline(InlinePool):
    """As the processes of one command, in this one: an SDK is loaded once for all commands."""

    def __init__(self, *_: Any) -> None:
        return


def lines() -> list[str]:
    """What the pages show, once each, command by command."""
    shown = [line.partition("#")[0] for page in SHOWN for line in typed_by(RUN_HERE, page)]
    return list(dict.fromkeys(each.strip() for line in shown for each in line.split(";")))


def test_the_commands_of_a_page_answer_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given the files that they name, then each in its order; what one writes the next may read."""
    for module in (local, files):
        monkeypatch.setattr(module, "ProcessPool", Inline)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "libs").symlink_to(ROOT / "libs")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "QUEUEBIT_URL": "http://127.0.0.1:9"}

    for line in lines():
        words, _, out = line.partition(" > ")
        code, said, err = typed(shlex.split(words)[1:], env, folder=tmp_path)
        assert code == 0, (line, err)
        assert said or "convert" in line or "--plot" in line
        if "target=fake_sherbrooke" in line:
            shown = json.loads(typed([*shlex.split(words)[1:], "--json"], env, folder=tmp_path)[1])
            assert (shown["lane"], "fake_sherbrooke" in json.dumps(shown["ran"])) == ("simulator", True)
        if out:
            (tmp_path / out).write_text(said)
            assert json.loads(said)["state"] == "completed"

    assert len(lines()) >= 14
    assert (tmp_path / "report.svg").read_text().count("<svg") == 1
    assert (tmp_path / "bell.qpy").exists()


def test_a_search_is_declared_as_the_page_on_kinds_says() -> None:
    (code,) = typed_by(RUN_HERE, "how-to/add-a-problem-kind.md")

    class ColouringSolver:
        """Whatever has the one method of the port."""

        def solve(self, *_: Any) -> None:
            """Nobody asks."""

    names: dict[str, Any] = {"Search": Search, "Turn": Turn, "ColouringSolver": ColouringSolver}
    exec(code, names)

    assert (names["SEARCH"].turns[0].kinds, names["SEARCH"].method) == (frozenset({"colouring"}), "ejection chains")


def test_a_provider_offers_its_machines_as_the_page_on_providers_says(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (DOCS / "how-to/write-a-provider.md").read_text()
    (code,) = typed_by(RUN_HERE, "how-to/write-a-provider.md")
    names: dict[str, Any] = {}
    exec(code, names)
    monkeypatch.setenv("ACME_MACHINES", "small,large")

    offered = names["offer"](None)

    assert [(each.name, each.options["deadline_s"]) for each in offered] == [("acme_small", 30.0), ("acme_large", 30.0)]
    points = tomllib.loads(page.split("```toml\n")[1].split("```")[0])["project"]["entry-points"]
    assert points == {"queuebit.providers": {"acme": "acme_queuebit:offer"}}


def test_each_parameter_that_a_page_names_is_one_that_something_reads() -> None:
    text = "\n".join(path.read_text() for path in SOURCES)
    pages = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
    named = {name for page in pages for name in _PARAM.findall(page.read_text())}

    assert len(named) > 10
    assert [name for name in sorted(named) if f'"{name}"' not in text and f"    {name}: " not in text] == []
