"""Cases by number: what is asked of admission, the same for the same seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from queuebit_problems.registry import kind_of, kinds
from queuebit_workbench.fuzz.circuits import GENERATORS
from queuebit_workbench.fuzz.files import text
from queuebit_workbench.fuzz.numbers import size_of
from queuebit_workbench.fuzz.statements import STATEMENTS, mutated

BYTES_MAX = 64 * 1024

Form = Literal["statement", "file"]


@dataclass(frozen=True, slots=True)
class Case:
    """One question. A `statement` is JSON data of a kind; a `file` is a text, read as the kind or as whatever reads it."""

    number: int
    form: Form
    kind: str | None
    data: Any

    @property
    def size_bytes(self) -> int:
        written = self.data if isinstance(self.data, str) else json.dumps(self.data, separators=(",", ":"))
        return len(written.encode())


def case(seed: int, number: int, bytes_max: int = BYTES_MAX) -> Case:
    """The case of this number. Statements and files in turn, every kind alike, circuits twice as often."""
    rng = random.Random(f"{seed}:{number}")
    most = bytes_max if rng.random() < 0.5 else max(200, size_of(rng, bytes_max))
    if number % 3 == 2:
        return Case(number, "file", rng.choice((None, *kinds())), text(rng, most))
    if number % 6 == 1:
        maker = GENERATORS[number // 6 % len(GENERATORS)]
        return Case(number, "statement", "circuit_sampling", {"qasm": maker(rng, most - 100)[: most - 100]})
    name = kinds()[rng.randrange(len(kinds()))]
    made = STATEMENTS.get(name)
    data = made(rng, most) if made is not None else kind_of(name).example().model_dump(mode="json")
    if made is None or rng.random() < 0.3:
        data = mutated(rng, data)
    return fitting(Case(number, "statement", name, data), bytes_max)


def fitting(found: Case, bytes_max: int) -> Case:
    """The case, its longest lists halved until it fits."""
    while found.size_bytes > bytes_max:
        found = Case(found.number, found.form, found.kind, _halved(found.data))
    return found


def _halved(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _halved(value) for key, value in data.items()}
    if isinstance(data, str | list):
        return data[: len(data) // 2]
    return data


def cases(seed: int, count: int, bytes_max: int = BYTES_MAX, *, first: int = 0) -> Iterator[Case]:
    """So many cases of a seed, from the first on."""
    return (case(seed, number, bytes_max) for number in range(first, first + count))
