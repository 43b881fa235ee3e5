"""Admission: the checks that every entrance makes, and the fingerprint that says that a question is the same one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from queuebit_contracts.candidates import CANDIDATE_PARAM
from queuebit_contracts.canonical import canonical_json, embedded, fingerprint
from queuebit_contracts.errors import FieldError
from queuebit_contracts.events import Admission, ProblemSize
from queuebit_contracts.jobs import (
    NEVER,
    NOT_BEFORE_PARAM,
    QUEUE_PARAM,
    STATEMENT_BYTES_MAX,
    TARGET_PARAM,
    JobRequest,
    ParamValue,
)
from queuebit_contracts.model import copy_with
from queuebit_contracts.regions import REGIONS_PARAM, regions_in
from queuebit_contracts.statement_text import StatementText
from queuebit_contracts.windows import LAST_MOMENT, moment_in
from queuebit_problems.errors import InvalidStatement, ProblemError
from queuebit_problems.registry import kind_of, parse_problem

QUICK_BYTES_MAX = 4096
OF_A_TARGET = ("auto", "simulator")
"""The lanes on which something can be simulated."""


class Admitted(NamedTuple):
    """A request whose statement is valid and written in the kind's own normal form, so that equal questions look equal. It is
    text from here on: whoever passes it on writes it as it is.
    """

    request: JobRequest
    fingerprint: str
    admission: Admission


def check_bytes(normal: Mapping[str, Any]) -> bytes:
    """The canonical JSON of a statement in normal form. Raises InvalidStatement where it is too large to be carried."""
    text = canonical_json(normal)
    size = len(text)
    if size > STATEMENT_BYTES_MAX:
        raise InvalidStatement(
            f"The statement has {size} bytes in normal form; at most {STATEMENT_BYTES_MAX} are taken.",
            remedy="State a smaller problem, or divide it.",
            fields=(FieldError("/problem/statement", "too_large", f"has {size} bytes, {STATEMENT_BYTES_MAX} at most"),),
        )
    return text


def admit(request: JobRequest) -> Admitted:
    """Check the problem by its kind. Raises UnknownKind or InvalidStatement, naming the field and the remedy."""
    if TARGET_PARAM in request.params and request.lane not in OF_A_TARGET:
        raise InvalidStatement(
            f"params.{TARGET_PARAM} is what the simulator stands in for, and the lane is {request.lane}.",
            remedy=f"Use the lane simulator or auto, or leave {TARGET_PARAM} out; params.backend names a machine.",
            fields=(FieldError(f"/params/{TARGET_PARAM}", "other_lane", "is for the simulator lane"),),
        )
    if REGIONS_PARAM in request.params:
        _check_regions(request.params[REGIONS_PARAM])
    if NOT_BEFORE_PARAM in request.params:
        _check_not_before(request, request.params[NOT_BEFORE_PARAM])
    if CANDIDATE_PARAM in request.params:
        _check_candidate(request.params[CANDIDATE_PARAM])
    kind, statement = parse_problem(request.problem)
    text = check_bytes(statement.model_dump(mode="json"))
    problem = copy_with(request.problem, statement=StatementText(text))
    written = problem.__dict__ | {"statement": embedded(text)}
    size = kind.size(statement)
    admission = Admission(
        size=ProblemSize(variables=size.variables, qubits=size.qubits, terms=size.terms),
        family=kind.family,
        sense=kind.sense,
        problem_fingerprint=fingerprint(written),
    )
    whole = fingerprint(request.__dict__ | {"problem": written})
    return Admitted(copy_with(request, problem=problem), whole, admission)


def _check_regions(said: ParamValue) -> None:
    try:
        if not isinstance(said, str):
            raise ValueError(f"{str(said)[:40]!r} is no text")
        regions_in(said)
    except ValueError as error:
        raise InvalidStatement(
            f"params.{REGIONS_PARAM}: {error}.",
            remedy="Name regions as backends state them, parted by commas: eu,us-east; or local, for nothing outside.",
            fields=(FieldError(f"/params/{REGIONS_PARAM}", "no_region", str(error)),),
        ) from None


def _check_not_before(request: JobRequest, told: ParamValue) -> None:
    """Raises InvalidStatement where it is no moment, or where nothing could begin before the deadline."""
    field = f"/params/{NOT_BEFORE_PARAM}"
    moment = moment_in(told)
    if moment is None:
        raise InvalidStatement(
            f"params.{NOT_BEFORE_PARAM} is no moment with its offset from UTC, before the year {LAST_MOMENT.year}.",
            remedy="Write it as RFC 3339 has it, such as 2026-12-01T22:00:00+01:00.",
            fields=(FieldError(field, "no_moment", "is no moment with an offset"),),
        )
    if request.deadline is not None and moment >= request.deadline:
        raise InvalidStatement(
            f"Nothing may begin before {told}, and the deadline is {request.deadline.isoformat()}.",
            remedy=f"Set a later deadline, or an earlier params.{NOT_BEFORE_PARAM}.",
            fields=(FieldError(field, "after_deadline", "is not before the deadline"),),
        )
    if request.params.get(QUEUE_PARAM) == NEVER:
        raise InvalidStatement(
            f"params.{NOT_BEFORE_PARAM} waits, and params.{QUEUE_PARAM} wants no waiting.",
            remedy="Leave one of them out.",
            fields=(FieldError(field, "contradiction", f"with {QUEUE_PARAM}: {NEVER}"),),
        )


def _check_candidate(told: ParamValue) -> None:
    try:
        UUID(told if isinstance(told, str) else "")
    except ValueError:
        raise InvalidStatement(
            f"params.{CANDIDATE_PARAM} is no id of a job.",
            remedy="Name the job whose answer is to compete, or leave it out.",
            fields=(FieldError(f"/params/{CANDIDATE_PARAM}", "no_job", "is no id of a job"),),
        ) from None


def is_quick(request: JobRequest, size_bytes: int) -> bool:
    """Whether admitting a request of so many bytes takes a moment, whatever it says: it may be done on an event loop."""
    if size_bytes > QUICK_BYTES_MAX:
        return False
    try:
        return kind_of(request.problem.kind, request.problem.version).admission_is_linear
    except ProblemError:
        return True
