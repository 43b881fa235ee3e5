"""Data of a person, sealed by a key of their own: what stands in messages in its place, and how a reader with the key sees it.

A job that names a subject (its label `data_subject`) carries its problem, its answers and what quotes them as tokens. Whoever
only passes them on needs no key. Where the key is gone, so is what they say: that is how data is erased. No cipher stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar
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
ERASED = "The data of this subject was erased."

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


class DataKey(Protocol):
    """The key of one subject of one tenant."""

    @property
    def id(self) -> UUID: ...

    def seal(self, text: bytes) -> str:
        """A token that says nothing without the key, and names it."""
        ...

    def open(self, token: str) -> bytes:
        """What was sealed. Raises Redacted where the token is not of this key, or was changed; Locked where the key cannot be
        unwrapped here.
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


def sealed_mapping(value: Mapping[str, Any], key: DataKey) -> dict[str, Any]:
    """What stands in the place of an answer."""
    return {SEAL: key.seal(orjson.dumps(value, default=str))}


def sealed_text(text: str, key: DataKey) -> str:
    """What stands in the place of a text."""
    return f"{PREFIX}{key.seal(text.encode())}" if text else text


def opened_mapping(value: Mapping[str, Any], key: DataKey) -> dict[str, Any]:
    """What a mapping says; one that is not sealed as it is. Raises Redacted."""
    token = token_of(value)
    if token is None:
        return dict(value)
    found = orjson.loads(key.open(token))
    assert isinstance(found, dict)
    return found


def opened_text(text: str, key: DataKey) -> str:
    """What a text says; one that is not sealed as it is. Raises Redacted."""
    token = token_of(text)
    return text if token is None else key.open(token).decode()


def sealed_request(request: JobRequest, plain: bytes, key: DataKey) -> JobRequest:
    """The request with its statement, of which `plain` is the canonical JSON, sealed."""
    text = orjson.dumps({SEAL: key.seal(plain)})
    return copy_with(request, problem=copy_with(request.problem, statement=StatementText(text)))


def opened_problem(problem: Problem, key: DataKey) -> Problem:
    """The problem for who works on it. It is written as it came. Raises Redacted."""
    token = token_of(problem.statement)
    if token is None:
        return problem
    return copy_with(problem, statement=SealedStatement(orjson.dumps({SEAL: token}), key.open(token), key))


def opened_order(order: JobQueued, key: DataKey) -> JobQueued:
    """The order for who works on it. Raises Redacted or Locked."""
    hint = order.hint and opened_mapping(order.hint, key)
    return copy_with(order, problem=opened_problem(order.problem, key), hint=hint)


def opened_execution(execution: ExecutionSucceeded, key: DataKey) -> ExecutionSucceeded:
    """The answer for who checks it. Raises Redacted or Locked."""
    assert execution.problem is not None
    return copy_with(
        execution,
        problem=opened_problem(execution.problem, key),
        answer=opened_mapping(execution.answer, key),
        evidence=_whole(execution.evidence, key),
        provenance=_whole(execution.provenance, key),
    )


def sealed_outcome(event: M, key: DataKey) -> M:
    """What a worker says of an attempt, for everybody: no part of it quotes the problem or the answer."""
    match event:
        case ExecutionSucceeded():
            return copy_with(
                event,
                answer=sealed_mapping(event.answer, key),
                evidence=_beside(event.evidence, key),
                provenance=_beside(event.provenance, key) | {"problem_fingerprint": fingerprint(event.problem)},
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


def _beside(values: Mapping[str, Any], key: DataKey) -> dict[str, Any]:
    """Figures in clear, for policies and paths go by them; all of it sealed."""
    if not values:
        return {}
    figures = {
        name: value for name, value in values.items() if isinstance(value, int | float) or (value and name in CLEAR)
    }
    return figures | sealed_mapping(values, key)


def _whole(values: Mapping[str, Any], key: DataKey) -> dict[str, Any]:
    token = values.get(SEAL)
    if token is None:
        return dict(values)
    found = orjson.loads(key.open(token))
    assert isinstance(found, dict)
    return found
