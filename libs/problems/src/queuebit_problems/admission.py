"""Admission: the checks that every entrance makes, and the fingerprint that says that a question is the same one."""

from __future__ import annotations

from dataclasses import dataclass

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


def admit(request: JobRequest) -> Admitted:
    """Check the problem by its kind. Raises UnknownKind or InvalidStatement, naming the field and the remedy."""
    kind, statement = parse_problem(request.problem)
    normal = statement.model_dump(mode="json")
    if len(canonical_json(normal)) > STATEMENT_BYTES_MAX:
        raise InvalidStatement(
            f"The statement is larger than {STATEMENT_BYTES_MAX} bytes.",
            remedy="State a smaller problem.",
            fields=(FieldError("/problem/statement", "too_large", "is too large"),),
        )
    problem = request.problem.model_copy(update={"statement": normal})
    admitted = request.model_copy(update={"problem": problem})
    return Admitted(admitted, fingerprint(admitted), kind.size(statement), kind.sense, kind.family)
