"""What differs between two runs of the same question, field by field: what to look at where their answers differ. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from queuebit_contracts import events as ev

SHOWN_MAX = 40
NOT_OF_THE_RUN = frozenset({"run", "usage", "job"})
"""What differs between any two runs: times, and what the provider calls them."""
RESULTS = frozenset({"counts_fingerprint", "circuits", "circuits_fingerprint", "answer_fingerprint"})
"""What the run gave, not how it was run."""


class Difference(NamedTuple):
    """`path`: dotted, as in the provenance of an execution; None where one of them says nothing."""

    path: str
    first: Any
    second: Any


def differences(first: ev.ExecutionSucceeded, second: ev.ExecutionSucceeded) -> list[Difference]:
    """Where two executions were run otherwise, the first SHOWN_MAX; none where each is a repeat of the other."""
    return [*_changed("", _described(first), _described(second))][:SHOWN_MAX]


def identical(first: ev.ExecutionSucceeded, second: ev.ExecutionSucceeded) -> bool:
    """Whether both gave the same bit by bit: the answer, and the outcomes as far as their provenance tells."""
    one, other = ({name: each.provenance.get(name) for name in RESULTS} for each in (first, second))
    return first.answer == second.answer and one == other


def _described(execution: ev.ExecutionSucceeded) -> dict[str, Any]:
    told = {name: value for name, value in execution.provenance.items() if name not in NOT_OF_THE_RUN | RESULTS}
    return {"ran": execution.ran.model_dump(), **told}


def _changed(path: str, first: Any, second: Any) -> Iterator[Difference]:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for name in dict.fromkeys([*first, *second]):
            yield from _changed(f"{path}.{name}" if path else str(name), first.get(name), second.get(name))
    elif first != second:
        yield Difference(path, first, second)
