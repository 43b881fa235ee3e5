"""Every table of the command line, as its source names the columns: ids in one piece, columns left out from the right.

Where the columns are worked out, what names them here says which they are.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from queuebit_client.cli.render import print_table

ROOT = Path(__file__).parents[3]
SOURCES = sorted(path for part in ("libs", "services") for path in (ROOT / part).glob("*/src/**/*.py"))
ID = "01890000-0000-7000-8000-000000000001"
IDS = {"job", "job_id", "operation", "webhook", "delivery", "id", "event"}
"""Columns that may hold an id of 36 characters."""
SAMPLES = {
    "kind": "quadratic_assignment",
    "state": "completed",
    "lane": "classical",
    "tier": "interactive",
    "tenant": "acme-research",
    "leg": "baseline-classical",
    "backend": "ibm_brisbane",
    "said": "POST /jobs answer 200",
    "verb": "jobs invalidate",
    "plan": "quantum_with_baseline",
    "then": "classical_only",
    "digest": "0123456789ab",
    "SHA-256": "a" * 64,
    "url": "https://hooks.example.com/queuebit/of/planning",
    "role": "primary",
    "day": "2026-11-30",
    **dict.fromkeys(("created", "time", "at", "until", "since", "active", "published"), "2026-11-30 08:15:00Z"),
    **dict.fromkeys(("version", "objective", "gap", "limit", "left", "amount", "jobs", "shots", "cost"), "1234.567"),
}
TEXT = "The provider answers that it is busy; the next attempt begins as soon as it says otherwise."
WORKED_OUT = {
    "backends.py": ["", "ibm_brisbane", "aer_simulator"],
    "asked.py": ["state", "lane", "tier", "tenant", "jobs", "longest there", "oldest"],
    "budget.py": ["budget", "purpose", "window", "limit", "currency", "reason"],
    "kill.py": ["number", "mode", "what", "since", "by", "reason"],
    "path.py": ["path", "stage", "says", "pairs", "wins", "cost", "per win", "owner"],
    "verbs.py": ["metric", "verdict", "candidate", "baseline", "why"],
}
"""By file: where the columns of a table are not all constants."""


def tables() -> Iterator[tuple[str, list[str]]]:
    """Where each call stands, and the columns that it names."""
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        named = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "show_table":
                columns = node.args[1]
                value = named.get(columns.id) if isinstance(columns, ast.Name) else columns
                yield f"{path.name}:{node.lineno}", _constants(value) or WORKED_OUT[path.name]


def _constants(value: ast.expr | None) -> list[str]:
    elements = value.elts if isinstance(value, ast.List | ast.Tuple) else []
    found = [each.value for each in elements if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return found if len(found) == len(elements) else []


TABLES = dict(tables())


def test_all_are_found_and_nobody_draws_one_by_hand() -> None:
    """Given the table of the outcome of a job, those of demonstrations and of measurements, then there are no others."""
    by_hand = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if "rich.table" in path.read_text() and not any(each in path.parts for each in ("bench", "demo"))
    ]

    assert len(TABLES) > 40
    assert by_hand == ["libs/client/src/queuebit_client/cli/render.py"]


@pytest.mark.parametrize("width", [100, 60])
def test_ids_stand_in_one_piece_and_what_is_left_out_goes_from_the_right_and_is_told(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for where, columns in TABLES.items():
        print_table("", columns, [[ID if name in IDS else SAMPLES.get(name, TEXT) for name in columns]])

        out, err = capsys.readouterr()
        shown = columns[: out.splitlines()[1].count("┃") - 1]
        told = ", ".join(filter(None, columns[len(shown) :]))
        assert err == (f"Too narrow for: {told}. Widen the terminal, or take --json.\n" if told else ""), where
        assert max(map(len, out.splitlines())) <= width, where
        assert out.count(ID) == sum(name in IDS for name in shown), where
        assert shown, where
