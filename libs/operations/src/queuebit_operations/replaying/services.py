"""The other services' handlers, as they are installed: each takes what it was asked, and says again what it makes of it.

A service offers its handler under the entry point `queuebit.shadows`. It is given the message, what was answered then, for
what the record alone can tell, and the moment; it asks nobody and tells nobody anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from importlib.metadata import entry_points
from typing import Any, NamedTuple, Protocol, TypeAlias
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.event import Event
from queuebit_domain.job.codec import read_event
from queuebit_domain.job.quarantine import CODE as QUARANTINED
from queuebit_operations.errors import NotThere
from queuebit_operations.scan.port import Stream

GROUP = "queuebit.shadows"
CONTROL_PLANE = "control-plane"
VALIDATION, SOLVER, ADAPTER = "result-validation", "classical-solver", "quantum-adapter"
OF_DECIDERS = frozenset({QUARANTINED, "fingerprint_mismatch"})
"""What the control plane rejects by itself: no validator said so."""
LANES = {"classical": SOLVER, "rule": SOLVER, "quantum": ADAPTER, "simulator": ADAPTER}
"""Whose answer one of a lane is."""


class Handler(Protocol):
    """A service's handler. None: the record does not hold what it would need."""

    def __call__(self, asked: Any, recorded: Any, at: datetime, /) -> Event | None: ...


Handlers: TypeAlias = "dict[str, Handler]"


class Question(NamedTuple):
    """What a service was asked, and what it said, in the event of that version."""

    service: str
    asked: Event
    recorded: Event
    version: int
    at: datetime


def installed_handlers(names: Collection[str]) -> Handlers:
    """Those of the services that are named; of all that are installed and quick where none is. Raises NotThere."""
    points = {point.name: point for point in entry_points(group=GROUP)}
    wanted = [name for name in names if name != CONTROL_PLANE] if names else [each for each in points if each != SOLVER]
    for name in wanted:
        if name not in points:
            known = ", ".join([CONTROL_PLANE, *sorted(points)])
            raise NotThere(
                f"No handler of {name!r} is installed here.",
                remedy=f"There are: {known}. Run it from the environment of the release, with its services.",
            )
    return {name: points[name].load() for name in wanted}


def questions_of(stream: Stream) -> Iterator[Question]:
    """What the job's services were asked and have answered. Raises CorruptStream and what the contracts raise."""
    problem = None
    orders: dict[UUID, ev.JobQueued] = {}
    answers: dict[UUID, ev.ExecutionSucceeded] = {}
    for row in stream.events:
        match read_event(row):
            case ev.JobSubmitted() as submitted:
                problem = submitted.request.problem
            case ev.JobQueued() as order:
                orders[order.attempt_id] = order
            case ev.ExecutionSucceeded() as answer:
                order_of = orders.get(answer.attempt_id)
                params = order_of.params if order_of is not None else answer.params
                answers[answer.attempt_id] = answer.model_copy(update={"problem": problem, "params": params})
                if order_of is not None:
                    yield Question(LANES[answer.lane], order_of, answer, row.version, row.time)
            case ev.ResultRejected(code=code) if code in OF_DECIDERS:
                continue
            case ev.ResultValidated() | ev.ResultRejected() as verdict:
                if verdict.attempt_id in answers:
                    yield Question(VALIDATION, answers[verdict.attempt_id], verdict, row.version, row.time)
            case _:
                continue
