"""Where several processes test, each test has its turn once, and files that wait stand among those that compute."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.turns import in_turns, spread

COMPUTING = [f"tests/unit/one/test_{nth}.py" for nth in range(20)]
WAITING = [f"tests/integration/store/test_{nth}.py" for nth in range(6)]
PLATFORM = ["tests/e2e/test_jobs.py", "tests/e2e/test_truth.py"]


def items(*files: str) -> list[Any]:
    return [SimpleNamespace(nodeid=f"{file}::test_{nth}[a::b]") for file in files for nth in range(2)]


def test_each_is_tested_once_file_by_file_the_platform_first_and_short_ones_last() -> None:
    given = items(*WAITING, *COMPUTING, *PLATFORM)

    ordered = [each.nodeid for each in in_turns(given)]

    files = [nodeid.partition("::")[0] for nodeid in ordered[::2]]
    assert sorted(ordered) == sorted(each.nodeid for each in given)
    assert [nodeid.partition("::")[0] for nodeid in ordered[1::2]] == files
    assert files[:2] == PLATFORM
    assert [file for file in files if file in WAITING] == WAITING
    assert files[-2:] == COMPUTING[-2:]


def test_the_few_stand_in_even_steps() -> None:
    assert spread(["a", "b"], list("123456")) == ["a", "1", "2", "3", "b", "4", "5", "6"]
    assert (spread([], ["1"]), spread(["a"], [])) == (["1"], ["a"])
