"""The examples of the page on objects run, and what they submit is a problem that holds together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from queuebit_client.request import request_body
from queuebit_problems.registry import kind_of

PAGE = Path(__file__).parents[3] / "infra/docs/how-to/python-objects.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


class Checking:
    """In the place of a client: what is submitted is read as the server reads it."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def submit(self, problem: Any, **more: Any) -> None:
        stated = request_body(problem, **more)["problem"]
        kind_of(stated["kind"]).parse(stated["statement"])
        self.kinds.append(stated["kind"])


@pytest.mark.parametrize(
    ("number", "kinds"),
    [
        (0, ["maxcut"]),
        (1, ["qubo"]),
        (2, ["assignment"]),
        (3, ["circuit_sampling", "circuit_batch"]),
        (4, ["circuit_sampling", "expectation"]),
        (5, ["circuit_sampling"]),
    ],
)
def test_an_example_runs(number: int, kinds: list[str]) -> None:
    client = Checking()

    exec(compile(EXAMPLES[number], str(PAGE), "exec"), {"queuebit": client})

    assert client.kinds == kinds
    assert len(EXAMPLES) == 6
