"""A large QUBO as rows: for each variable the variables it stands with and the coefficients, in two thirds of the space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from queuebit_contracts.jobs import Number
from queuebit_problems.checks import Place, raise_faults

ROWS_TERMS_MIN = 150_001
"""From so many terms on the normal form is written as rows."""


def terms_of(rows: Any, variables: Any) -> list[tuple[int, int, Number]]:
    """The terms of rows [j, q, j, q …]; coefficients are left to the checks that follow. Raises ValidationError."""
    if not isinstance(rows, list | tuple):
        raise_faults("qubo", [(("rows",), "list_type", "should be a list for each variable")])
    if type(variables) is int and len(rows) > variables:
        raise_faults("qubo", [(("rows",), "length", f"should have at most {variables} lists, not {len(rows)}")])
    raise_faults("qubo", _faults(rows))
    return [(i, row[k], row[k + 1]) for i, row in enumerate(rows) for k in range(0, len(row), 2)]


def _faults(rows: Any) -> Iterator[tuple[Place, str, str]]:
    for i, row in enumerate(rows):
        if not isinstance(row, list | tuple) or len(row) % 2:
            yield (
                ("rows", i),
                "list_type",
                "should list pairs of numbers: a variable and a coefficient, again and again",
            )


def rows_of(terms: Sequence[tuple[int, int, Number]]) -> list[list[Number]]:
    """The rows of terms that are in order, up to the last that holds any."""
    rows: list[list[Number]] = [[] for _ in range(terms[-1][0] + 1)]
    for i, j, q in terms:
        rows[i] += (j, q)
    return rows


def stated_either_way(schema: dict[str, Any]) -> None:
    """State in the schema what stands in for terms."""
    schema["properties"]["rows"] = {
        "type": "array",
        "items": {"type": "array", "items": {"type": "number"}},
        "description": "Instead of terms: for each variable i, from 0 on, [j, q, j, q …], each pair once.",
    }
    schema["required"] = ["variables"]
    schema["oneOf"] = [{"required": ["terms"]}, {"required": ["rows"]}]
