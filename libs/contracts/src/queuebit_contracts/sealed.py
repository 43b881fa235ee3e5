"""Data of a person, sealed by a key of their own: what stands in messages in its place, and how a reader with the key sees it.

A job that names a subject (its label `data_subject`) carries its problem, its answers and what quotes them as tokens. Whoever
only passes them on needs no key. Where the key is gone, so is what they say: that is how data is erased. No cipher stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, NamedTuple, Protocol, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.errors import ProblemError
from queuebit_contracts.events import (
    ExecutionFailed,
    ExecutionSucceeded,
    JobQueued,
    ResultRejected,
    ResultValidated,
)
from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_contracts.model import copy_with
from queuebit_contracts.statement_text import StatementText

SUBJECT_LABEL = "data_subject"
"""The label that names whose data a job holds: a pseudonym, for labels are read by everybody."""
SEAL = "$sealed"
SEALED_TEXT = b'{"$sealed":'
"""So begins a statement that is sealed."""
PREFIX = f"{SEAL}:"
"""So begins a text that is sealed."""
REDACTED = "$redacted"
"""Stands in the place of an answer that was erased."""
WITHHELD = "redacted"
"""The reason of an attempt, the code of a verdict and of an answer, whose data was erased."""
CLEAR = frozenset({"calibrated_at", "source", "status", "target"})
"""Texts of evidence that say nothing of the problem."""
MISPLACED = "misplaced"
"""The reason of an attempt, the code of a verdict and of a refusal, where something sealed stands where it was not put."""
ERASED = "The data of this subject was erased."

SealedField = Literal["answer", "command", "evidence", "provenance", "statement", "text"]
"""What a token may stand for: `answer` is hints too, `command` what a step back says, `text` any text of an outcome or a
verdict. The same one goes from event to event, so that their types say nothing.
"""
M = TypeVar("M", bound=BaseModel)


class Redacted(ProblemError):
    """The data was erased: its key is gone."""

    code = WITHHELD

    def __init__(self) -> None:
        super().__init__(ERASED, remedy="Ask anew, with data that may be used.", fields=())

    def __reduce__(self) -> tuple[type[Redacted], tuple[()]]:
        return Redacted, ()


class Locked(ProblemError):
    """The data is there, and its key cannot be unwrapped here: something is set wrong, and nothing is erased."""

    code = "locked"

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail, remedy=remedy, fields=())

    def __reduce__(self) -> tuple[type[Locked], tuple[str, str]]:
        return Locked, (self.detail, self.remedy)


class Misplaced(ProblemError):
    """A token that opens, and was sealed for another field or another job than where it stands."""

    code = MISPLACED

    def __init__(self) -> None:
        super().__init__(
            "What is sealed here was sealed for another field or another job.",
            remedy="Look for who writes to the store or the topics beside the services; ask anew.",
            fields=(),
        )

    def __reduce__(self) -> tuple[type[Misplaced], tuple[()]]:
        return Misplaced, ()


class Bound(NamedTuple):
    """What a token is bound to besides its key: the job that it was sealed for, and the day on which its question was sealed.
    One of before says neither.
    """

    job: UUID | None = None
    day: date | None = None


class DataKey(Protocol):
    """The key of one subject of one tenant, at work for one of its jobs."""

    @property
    def id(self) -> UUID: ...

    @property
    def bound(self) -> Bound:
        """What tokens are bound to."""
        ...

    def of(self, bound: Bound) -> DataKey:
        """The key, at work for this job and day. What is of a day for which the key is kept no more does not open."""
        ...

    def seal(self, text: bytes, field: SealedField) -> str:
        """A token that says nothing without the key, names it, and opens in this field of this job alone."""
        ...

    def open(self, token: str, field: SealedField) -> bytes:
        """What was sealed. Raises Redacted where the token is not of this key, or was changed; Misplaced where it was sealed
        for another field or job; Locked where the key cannot be unwrapped here.
        """
        ...


class SealedStatement(StatementText):
    """A statement that is written sealed and read open: `text` is what goes into messages, `plain` what it says."""

    __slots__ = ("key",)

    def __init__(self, text: bytes, plain: bytes, key: DataKey) -> None:
        super().__init__(text)
        self.plain = plain
        self.key = key

    def __reduce__(self) -> tuple[type[SealedStatement], tuple[bytes, bytes, DataKey]]:  # type: ignore[override]
        return SealedStatement, (self.text, self.plain, self.key)

    def __repr__(self) -> str:
        return "SealedStatement()"


def key_id_of(token: str) -> UUID:
    """The key that a token names. Raises Redacted where it names none."""
    try:
        return UUID(token.split(".", 2)[1])
    except (IndexError, ValueError):
        raise Redacted from None


def sealed_for(token: str) -> Bound:
    """What a token says it is bound to; who has the key finds out whether that is true. Raises Redacted where it is none."""
    match token.split("."):
        case ["v1", _, _]:
            return Bound()
        case ["v2", _, day, job, _, _]:
            try:
                return Bound(UUID(job), date.fromisoformat(day))
            except ValueError:
                raise Redacted from None
        case _:
            raise Redacted


def token_of(value: object) -> str | None:
    """The token that stands in the place of a statement, an answer or a text; None where it is what it says."""
    match value:
        case StatementText():
            if not value.text.startswith(SEALED_TEXT):
                return None
            try:
                return token_of(orjson.loads(value.text))
            except ValueError:
                # Outsiders wrote it, and nobody has read it yet.
                return None
        case {"$sealed": str(token)}:
            return token
        case str() if value.startswith(PREFIX):
            return value.removeprefix(PREFIX)
        case _:
            return None


def sealed_mapping(value: Mapping[str, Any], key: DataKey, field: SealedField = "answer") -> dict[str, Any]:
    """What stands in the place of an answer."""
    return {SEAL: key.seal(orjson.dumps(value, default=str), field)}


def sealed_text(text: str, key: DataKey) -> str:
    """What stands in the place of a text."""
    return f"{PREFIX}{key.seal(text.encode(), 'text')}" if text else text


def sealed_request(request: JobRequest, plain: bytes, key: DataKey) -> JobRequest:
    """The request with its statement, of which `plain` is the canonical JSON, sealed."""
    text = orjson.dumps({SEAL: key.seal(plain, "statement")})
    return copy_with(request, problem=copy_with(request.problem, statement=StatementText(text)))


def opened_problem(problem: Problem, key: DataKey) -> Problem:
    """The problem for who works on it. It is written as it came, and its key is at work for the job that it was sealed for:
    that of the question, or the one that this job was made from. Raises Redacted, Misplaced or Locked.
    """
    token = token_of(problem.statement)
    if token is None:
        return problem
    own = key.of(sealed_for(token))
    return copy_with(problem, statement=SealedStatement(orjson.dumps({SEAL: token}), own.open(token, "statement"), own))


def opened_order(order: JobQueued, key: DataKey) -> JobQueued:
    """The order for who works on it. Raises Redacted, Misplaced or Locked."""
    problem = opened_problem(order.problem, key)
    return copy_with(order, problem=problem, hint=order.hint and _whole(order.hint, _key_of(problem, key), "answer"))


def opened_execution(execution: ExecutionSucceeded, key: DataKey) -> ExecutionSucceeded:
    """The answer for who checks it. Raises Redacted, Misplaced or Locked."""
    assert execution.problem is not None
    problem = opened_problem(execution.problem, key)
    own = _key_of(problem, key)
    return copy_with(
        execution,
        problem=problem,
        answer=_whole(execution.answer, own, "answer"),
        evidence=_whole(execution.evidence, own, "evidence"),
        provenance=_whole(execution.provenance, own, "provenance"),
    )


def sealed_outcome(event: M, key: DataKey) -> M:
    """What a worker says of an attempt, for everybody: no part of it quotes the problem or the answer."""
    match event:
        case ExecutionSucceeded():
            return copy_with(
                event,
                answer=sealed_mapping(event.answer, key),
                evidence=_beside(event.evidence, key, "evidence"),
                provenance=_beside(event.provenance, key, "provenance")
                | {"problem_fingerprint": fingerprint(event.problem)},
            )
        case ExecutionFailed():
            return copy_with(event, detail=sealed_text(event.detail, key))
        case _:
            return event


def sealed_verdict(
    verdict: ResultValidated | ResultRejected, answer_fingerprint: str, key: DataKey
) -> ResultValidated | ResultRejected:
    """The verdict for everybody: about the answer as it came, whose fingerprint that is, with its reasons sealed, and the texts
    of its confidence, which quote values. Shares are worked out for whoever may see the answer.
    """
    reasons = tuple(sealed_text(each, key) for each in verdict.reasons)
    sealed = copy_with(verdict, reasons=reasons, answer_fingerprint=answer_fingerprint)
    if isinstance(sealed, ResultRejected):
        return sealed
    parts = tuple(copy_with(each, detail=sealed_text(each.detail, key)) for each in sealed.confidence.parts)
    return copy_with(sealed, confidence=copy_with(sealed.confidence, parts=parts), shares=None)


def _key_of(problem: Problem, key: DataKey) -> DataKey:
    """The key at work for the job that a problem is of."""
    statement = problem.statement
    return statement.key if isinstance(statement, SealedStatement) else key


def _beside(values: Mapping[str, Any], key: DataKey, field: SealedField) -> dict[str, Any]:
    """Figures in clear, for policies and paths go by them; all of it sealed."""
    if not values:
        return {}
    figures = {
        name: value for name, value in values.items() if isinstance(value, int | float) or (value and name in CLEAR)
    }
    return figures | sealed_mapping(values, key, field)


def _whole(values: Mapping[str, Any], key: DataKey, field: SealedField) -> dict[str, Any]:
    token = values.get(SEAL)
    if token is None:
        return dict(values)
    found = orjson.loads(key.open(token, field))
    assert isinstance(found, dict)
    return found
