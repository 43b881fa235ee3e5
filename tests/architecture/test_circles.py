"""No circle between files: whoever reads one file needs those below it, and never itself. Imports for types alone count too."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import networkx

ROOT = Path(__file__).parents[2]


def _modules() -> dict[str, Path]:
    """Every module of ours by its name, the tests' too."""
    roots = [*ROOT.glob("libs/*/src"), *ROOT.glob("services/*/src")]
    files = [(root, path) for root in roots for path in root.rglob("*.py")]
    files += [(ROOT, path) for path in (ROOT / "tests").rglob("*.py")]
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for root, path in files
    }


def _imported(path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    """What a file imports of ours, wherever the import stands: at the top, in a function, for type checkers."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield from (name for name in (inner if inner in modules else node.module,) if name in modules)


def test_there_is_no_circle_between_files() -> None:
    modules = _modules()
    graph = networkx.DiGraph(
        (name, other) for name, path in modules.items() for other in _imported(path, modules) if other != name
    )

    circles = [sorted(circle) for circle in networkx.strongly_connected_components(graph) if len(circle) > 1]

    assert len(graph) > 400, "the walk found the sources"
    assert circles == []


def test_a_helper_of_tests_is_no_test_file() -> None:
    modules = _modules()
    wrong = [
        f"{name} imports {other}"
        for name, path in modules.items()
        if name.startswith("tests.")
        for other in _imported(path, modules)
        if other != name and other.rpartition(".")[2].startswith("test_")
    ]

    assert wrong == []
