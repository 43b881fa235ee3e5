"""The list of requirements (OWASP ASVS 5.0, levels 1 and 2): each has a test that is there, or a reason."""

from __future__ import annotations

import ast
import csv
import re
import subprocess
from pathlib import Path

import pytest

from queuebit_workbench.security import audited, settled_in, unsettled

ROOT = Path(__file__).parents[3]
LIST = ROOT / "infra/security/asvs.csv"
REQUIREMENTS = 253
"""So many the standard has at these levels, in 17 chapters."""
SOURCES = sorted(path for folder in ("libs", "services") for path in (ROOT / folder).glob("*/src/**/*.py"))


def rows() -> list[dict[str, str]]:
    with LIST.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_requirement_stands_there_once() -> None:
    found = [row["requirement"] for row in rows()]
    assert len(found) == len(set(found)) == REQUIREMENTS
    assert found == sorted(found, key=lambda each: tuple(map(int, each.split("."))))
    assert {int(each.split(".")[0]) for each in found} == set(range(1, 18))
    assert {row["level"] for row in rows()} == {"1", "2"}


def test_each_has_a_test_or_a_reason() -> None:
    assert {row["kind"] for row in rows()} == {"test", "reason"}
    assert [row["requirement"] for row in rows() if len(row["evidence"]) < 4] == []


@pytest.mark.parametrize("named", sorted({row["evidence"] for row in rows() if row["kind"] == "test"}))
def test_the_test_that_is_named_is_there(named: str) -> None:
    path, _, name = named.partition("::")
    text = (ROOT / path).read_text()
    assert not name or re.search(rf"def {name}\(", text)


def test_it_is_said_within_how_many_days_a_weakness_is_mended() -> None:
    text = " ".join((ROOT / "CONTRIBUTING.md").read_text().split())
    assert re.search(r"within (\d+) days where it is critical, (\d+) where it is high and (\d+) else", text)
    assert "replaced within 90" in text


def test_nothing_evaluates_text() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")
    ]
    assert found == []


def test_no_weak_hash_is_used() -> None:
    weak = re.compile(r"hashlib\.(md5|sha1)\(|hashes\.(MD5|SHA1)\(")
    found = [
        f"{path.relative_to(ROOT)}"
        for path in SOURCES
        if weak.search(path.read_text()) and "usedforsecurity=False" not in path.read_text()
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "said", "may_stay", "words"),
    [
        (0, "No known vulnerabilities found", True, "No known weakness"),
        (0, "zipp  Dependency not found on PyPI and could not be audited: zipp (4.1.2)", True, "NOT CHECKED, 1 of"),
        (1, "requests.exceptions.ConnectionError: nobody", True, "NOT CHECKED"),
        (1, "Found 1 known vulnerability in 1 package", False, "Found 1"),
    ],
)
def test_what_was_not_checked_is_not_called_clean(code: int, said: str, may_stay: bool, words: str) -> None:
    clean, told = audited(subprocess.CompletedProcess([], code, said, ""))
    assert clean is may_stay
    assert words in told


def test_a_finding_needs_a_reason_and_a_reason_a_finding() -> None:
    table = settled_in("test,path,reason\nB1,libs/a,because\nB2,libs/b,because\n")
    found = [
        {"test_id": "B1", "filename": "libs/a/x.py", "line_number": 1, "issue_text": "odd"},
        {"test_id": "B1", "filename": "libs/c/x.py", "line_number": 2, "issue_text": "odd"},
    ]
    assert unsettled(found, table) == (["libs/c/x.py:2 B1 odd"], ["B2 libs/b"])
    with pytest.raises(ValueError, match="has no reason"):
        settled_in("test,path,reason\nB1,libs/a,\n")
    assert len(settled_in((ROOT / "infra/security/bandit.csv").read_text())) > 10
