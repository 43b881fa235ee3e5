"""Large messages without reading their problem: its statement is cut out as text, and put in its place again."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from queuebit_contracts.data import Data
from queuebit_contracts.events import ExecutionSucceeded, JobQueued, JobSubmitted
from queuebit_contracts.jobs import Problem
from queuebit_contracts.statement_text import PLACE, PLACE_JSON, StatementText, statement_of

CARRIERS = frozenset({JobSubmitted, JobQueued, ExecutionSucceeded})
"""The messages that carry a problem, and so do their older versions: of all others, most of a job's, nothing need be asked."""
_PROBLEM_FIRST = frozenset({JobSubmitted, JobQueued})
_CARRYING = frozenset(model.__name__ for model in CARRIERS)
TEXT_BYTES_MIN = 16 * 1024
"""Smaller messages are read whole: that costs less than finding the statement."""


class _Stated(msgspec.Struct):
    statement: msgspec.Raw


class _Posing(msgspec.Struct):
    problem: _Stated


class _Asking(msgspec.Struct):
    request: _Posing


_ASKING = msgspec.json.Decoder(_Asking)
_POSING = msgspec.json.Decoder(_Posing)


def problem_of(data: Data) -> Problem | None:
    """The problem that the message carries, if it does."""
    match data:
        case JobSubmitted():
            return data.request.problem
        case JobQueued() | ExecutionSucceeded():
            return data.problem
        case _ if carries(type(data)):
            older: Any = data
            said: Problem = older.request.problem if data.type_name == JobSubmitted.__name__ else older.problem
            return said
        case _:
            return None


@cache
def carries(model: type[Data]) -> bool:
    """Whether messages of the model carry a problem, which few do: all else need not be asked for one."""
    return model in CARRIERS or model.type_name in _CARRYING


def read_problem(problem: Problem) -> Problem:
    """The problem with its statement as objects. Raises ValueError where its text cannot be read."""
    if not isinstance(problem.statement, StatementText):
        return problem
    return problem.model_copy(update={"statement": statement_of(problem.statement)})


def decode_as_text(model: type[Data], value: bytes) -> Data | None:
    """The message with its statement as text; None where it has none that can be found, and must be read whole.

    What surrounds the statement is checked. The statement is JSON, and whoever reads it finds out what else it is.
    """
    text = _statement_in(model, value)
    if text is None or not text.startswith(b"{"):
        return None
    at = value.find(text)
    data: Data = model.__pydantic_validator__.validate_json(
        b"%b%b%b" % (value[:at], PLACE_JSON, value[at + len(text) :])
    )
    problem = problem_of(data)
    if problem is None or problem.statement != PLACE:
        return None
    problem.__dict__["statement"] = StatementText(text)
    return data


def text_of(data: Data) -> StatementText | None:
    """The statement that the message carries, where it is a text."""
    problem = problem_of(data)
    if problem is None:
        return None
    statement = problem.statement
    kind = statement.__class__
    # Asked of every message: of none but a sealed statement by a call.
    if kind is dict or (kind is not StatementText and not isinstance(statement, StatementText)):
        return None
    return statement  # type: ignore[return-value]


def with_text(data: Data, encoded: bytes, statement: StatementText) -> bytes:
    """The encoded message with the text in the place of its statement."""
    if type(data) in _PROBLEM_FIRST:
        return encoded.replace(PLACE_JSON, statement.text, 1)
    before, behind = apart(data, encoded)
    return b"%b%b%b" % (before, statement.text, behind)


def apart(data: Data, encoded: bytes) -> tuple[bytes, bytes]:
    """The JSON before the place of its statement and behind it, of an encoded message whose statement is a text."""
    at = _place_in(data, encoded)
    return encoded[:at], encoded[at + len(PLACE_JSON) :]


def _place_in(data: Data, encoded: bytes) -> int:
    """An answer may hold anything: of questions and orders it comes after the problem, of executions before."""
    name = data.type_name or type(data).__name__
    return encoded.rfind(PLACE_JSON) if name == ExecutionSucceeded.__name__ else encoded.find(PLACE_JSON)


def _statement_in(model: type[Data], value: bytes) -> bytes | None:
    try:
        if model is JobSubmitted:
            return bytes(_ASKING.decode(value).request.problem.statement)
        if model is JobQueued or model is ExecutionSucceeded:
            return bytes(_POSING.decode(value).problem.statement)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        pass
    return None
