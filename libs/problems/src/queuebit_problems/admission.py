"""Admission: the checks that every entrance makes, and the fingerprint that says that a question is the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from queuebit_contracts.canonical import canonical_json, fingerprint
from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import STATEMENT_BYTES_MAX, JobRequest
from queuebit_problems.errors import InvalidStatement
from queuebit_problems.kind import Family, Sense, Size
from queuebit_problems.registry import parse_problem


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request whose statement is valid and written in the kind's own normal form, so that equal questions look equal."""

    request: JobRequest
    fingerprint: str
    size: Size
    sense: Sense | None
    family: Family


def check_bytes(normal: Mapping[str, Any]) -> None:
    """Refuse a statement, in normal form, that is too large to be carried. Raises InvalidStatement."""
    size = len(canonical_json(normal))
    if size > STATEMENT_BYTES_MAX:
        raise InvalidStatement(
            f"The statement has {size} bytes in normal form; at most {STATEMENT_BYTES_MAX} are taken.",
            remedy="State a smaller problem, or divide it.",
            fields=(FieldError("/problem/statement", "too_large", f"has {size} bytes, {STATEMENT_BYTES_MAX} at most"),),
        )


def admit(request: JobRequest) -> Admitted:
    """Check the problem by its kind. Raises UnknownKind or InvalidStatement, naming the field and the remedy."""
    kind, statement = parse_problem(request.problem)
    normal = statement.model_dump(mode="json")
    check_bytes(normal)
    problem = request.problem.model_copy(update={"statement": normal})
    admitted = request.model_copy(update={"problem": problem})
    return Admitted(admitted, fingerprint(admitted), kind.size(statement), kind.sense, kind.family)
