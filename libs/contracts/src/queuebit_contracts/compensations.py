"""What a job names to be undone when its answer is not to be acted on after all: the steps back of a saga."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from queuebit_contracts.event import Event
from queuebit_contracts.model import Sensitive, StrictModel
from queuebit_contracts.origin import Origin

Cause = Literal["cancelled", "invalidated", "superseded"]
"""The job was withdrawn; its answer was found suspect; a later job has the answer that counts."""
CAUSES: tuple[Cause, ...] = ("cancelled", "invalidated", "superseded")
COMPENSATIONS_MAX = 8
COMPENSATIONS_BYTES_MAX = 16_384
"""Of all commands of a job together, as JSON: they go with the question, and each once more when it is wanted."""

SEALED_BYTES_MORE = 192
"""So much longer a text is when it is sealed, beside its letters."""

CompensationName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
CommandType = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,254}$")]


def _each_once(causes: tuple[Cause, ...]) -> tuple[Cause, ...]:
    if len(set(causes)) < len(causes):
        raise PydanticCustomError("repeated", "should name each cause once")
    return causes


class Compensation(StrictModel):
    """A command that is published when what it names comes to pass: `command` is its type in the words of whoever hears it,
    `data` is what it says. It is published once, for the first of its causes.
    """

    name: CompensationName
    on: Annotated[tuple[Cause, ...], Field(min_length=1, max_length=len(CAUSES)), AfterValidator(_each_once)] = CAUSES
    command: CommandType
    data: Sensitive[dict[str, Any]] = {}


def _bytes(compensation: Compensation) -> int:
    """What it says takes so many bytes; of what is sealed those of the plain text, of which four letters stand for three."""
    size = len(orjson.dumps(compensation.__dict__))
    return size * 3 // 4 - SEALED_BYTES_MORE if "$sealed" in compensation.data else size


def _bounded(named: tuple[Compensation, ...]) -> tuple[Compensation, ...]:
    if len({each.name for each in named}) < len(named):
        raise PydanticCustomError("repeated", "should have a name of its own for each")
    try:
        size = sum(map(_bytes, named))
    except TypeError:
        raise PydanticCustomError("not_json", "should hold integers of at most 64 bits, and be nested less") from None
    if size > COMPENSATIONS_BYTES_MAX:
        raise PydanticCustomError(
            "too_large", f"should be at most {COMPENSATIONS_BYTES_MAX} bytes together, not {size}: pass a reference"
        )
    return named


Compensations = Annotated[tuple[Compensation, ...], Field(max_length=COMPENSATIONS_MAX), AfterValidator(_bounded)]


class CompensationRequested(Event):
    """A step back that the job named is to be taken: `cause` came to pass. Whoever hears it does what `command` says, once for
    each `compensation_id`: the same one for ever, also where the record comes twice.
    """

    compensation_id: UUID
    name: CompensationName
    cause: Cause
    command: CommandType
    data: Sensitive[dict[str, Any]] = {}
    origin: Origin | None = None


class SupersessionRequested(Event):
    """This job has an answer, which takes the place of that of `superseded_job_id`, as was asked. The envelope must name the
    tenant, which must be that of both.
    """

    superseded_job_id: UUID


class JobSuperseded(Event):
    """The answer of `by` takes the place of this job's. One that had not ended is withdrawn."""

    by: UUID
    origin: Origin | None = None


SagaEvent = CompensationRequested | SupersessionRequested | JobSuperseded
"""What the stream of a job says of sagas."""
