"""Rules that review said twice: sizes, loose ends, strangers in the tree, links that lead nowhere."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for part in ("libs", "services", "tests")
    for path in (ROOT / part).rglob("*.py")
    if not {"__pycache__", ".venv", "build"} & set(path.parts)
)
DOCUMENTS = sorted(
    path for path in (*ROOT.glob("*.md"), *(ROOT / "infra").rglob("*.md"), *(ROOT / "schemas").glob("*.md"))
)

SCRIPTS = sorted(
    path for path in (ROOT / "services").rglob("*") if path.suffix in (".js", ".css") and "vendor" not in path.parts
)
FILE_LINES_MAX = {"libs": 300, "services": 300, "tests": 400}
FUNCTION_LINES_MAX = 60
LOOSE_ENDS = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError|#\s*(stub|for now|placeholder)\b", re.IGNORECASE)
STRANGERS = re.compile(
    r"(?<![\w.])/(work|root|home)/[a-z.]|https?://[^\s\"'`)]*(/simple\b|/maven2\b)|files\.pythonhosted"
)
ROOMS = {
    "pyproject.toml", "README.md", "Makefile", "services", "schemas", "libs", "infra", "tests", "LICENSE", "CHANGELOG.md",
    "CONTRIBUTING.md", "SECURITY.md", "constraints.txt",
}  # fmt: skip
UNTRACKED = {"uv.lock", "dist", "build"}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield f"{_name(path)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_a_file_fits_a_few_screens() -> None:
    lines = {_name(path): len(path.read_text().splitlines()) for path in (*SOURCES, *SCRIPTS)}
    assert SCRIPTS

    assert {name: count for name, count in lines.items() if count > FILE_LINES_MAX[name.split("/")[0]]} == {}


def test_what_is_numbered_or_found_by_its_name_is_one() -> None:
    """Test files go by their base name, decisions and migrations by their number."""
    names = [path.name for path in SOURCES if path.name.startswith("test_")]
    decisions = [path.name[:4] for path in (ROOT / "infra/docs/decisions").glob("*.md")]
    migrations = [path.name[:4] for path in ROOT.glob("libs/store/src/*/sql/migrations/*.sql")]

    assert min(len(names), len(decisions), len(migrations)) > 10
    assert [
        [one for one, count in Counter(found).items() if count > 1] for found in (names, decisions, migrations)
    ] == [
        [],
        [],
        [],
    ]


def test_a_function_fits_a_screen() -> None:
    assert [found for path in SOURCES for found in _functions(path) if found[1] > FUNCTION_LINES_MAX] == []


def test_nothing_is_left_for_later() -> None:
    here = Path(__file__)
    loose = [
        f"{_name(path)}:{number}: {line.strip()}"
        for path in (*SOURCES, *SCRIPTS)
        if path != here
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if LOOSE_ENDS.search(line)
    ]

    assert loose == []


def test_no_path_of_a_machine_and_no_address_of_a_registry() -> None:
    texts = (
        path for path in (*SOURCES, *DOCUMENTS, ROOT / "Makefile", ROOT / "constraints.txt") if path != Path(__file__)
    )

    assert [_name(path) for path in texts if STRANGERS.search(path.read_text())] == []


def test_the_top_level_has_its_rooms_and_no_more() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - UNTRACKED

    assert found <= ROOMS


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_a_link_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", path.read_text())

    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_importing_a_module_does_nothing() -> None:
    """No call at module level but for definitions and constants: no client, no connection, no thread."""
    wrong = re.compile(r"^(asyncio\.(run|get_event_loop)|open|socket\.|threading\.Thread|subprocess\.)")
    found = [
        f"{_name(path)}:{node.lineno}"
        for path in SOURCES
        if "/src/" in _name(path) and path.name != "__main__.py"
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and wrong.match(ast.unparse(node.value.func))
    ]

    assert found == []
