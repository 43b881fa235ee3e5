"""Attempts that wait together and ask for circuits of the same size, gone through together: those of one structure run in one
execution. Each keeps its own seed, result and failure; what it answers is what it would have answered alone.

Runs in a worker process. Only measurements on a backend that `joins`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.errors import AdapterError
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.pipelines.measurement import Question, question_of
from queuebit_quantum_adapter.pipelines.measurement_device import runs_shot_by_shot
from queuebit_quantum_adapter.ports import Joining, Request
from queuebit_quantum_adapter.shell.task import Ended, Failed, Outcome, Stage, Task, shares
from queuebit_quantum_adapter.submissions.running import Asked, JoinedRunner, open_provider

SHOTS_MAX = 50_000
"""Whoever asks for more runs alone: to draw so many takes as long as to simulate a small circuit."""


@dataclass(slots=True)
class _Member:
    """One of the attempts. `ended` is None where it is to be gone through alone, as if it had never been here."""

    task: Task
    runner: JoinedRunner
    question: Question | None = None
    request: Request | None = None
    ended: Ended | None = None


def run_joined(tasks: Sequence[Task]) -> tuple[Ended | None, ...]:
    """How each attempt ended, in their order; None for one that is to be gone through alone, which nothing was told of."""
    begun_ns = time.process_time_ns()
    provider = open_provider(tasks[0].backend)
    members = [_Member(task, JoinedRunner(task.attempt_id, lambda: provider)) for task in tasks]
    for member in members:
        _ask(member)
    asking = [member for member in members if member.request is not None and not _is_long(member.request)]
    try:
        results = cast(Joining, provider).run_together([each.request for each in asking if each.request is not None])
    except Exception:
        return tuple(member.ended for member in members)
    for member, result in zip(asking, results, strict=True):
        member.runner.give(result)
    batch = fingerprint([str(member.task.attempt_id) for member in asking])
    for index, member in enumerate(asking):
        _finish(member, {"id": batch, "index": index, "size": len(asking)})
    return _shared(members, time.process_time_ns() - begun_ns)


def _ask(member: _Member) -> None:
    """To the request of the attempt, or to its failure. What nobody expected is left to the attempt alone."""
    try:
        member.question = question_of(member.task)
        member.question.measured(member.runner, _silent)
    except Asked as asked:
        member.request = asked.request
    except AdapterError as error:
        member.ended = Failed.of(error)
    except Exception:
        member.ended = None


def _is_long(request: Request) -> bool:
    """Whether it takes many times what the size of its circuits says: others are not to wait for it."""
    if request.memory or (request.shots or 0) > SHOTS_MAX:
        return True
    return any(runs_shot_by_shot(bound.circuit) for bound in request.circuits)


def _finish(member: _Member, batch: dict[str, str | int]) -> None:
    question = member.question
    assert question is not None
    try:
        outcome = frame.told_of(member.task, question.measured(member.runner, _silent), member.runner)
    except AdapterError as error:
        member.ended = Failed.of(error)
    except Exception:
        member.ended = None
    else:
        run = {**outcome.provenance.get("run", {}), "batch": batch}
        member.ended = replace(outcome, provenance={**outcome.provenance, "run": run})


def _shared(members: Sequence[_Member], cpu_ns: int) -> tuple[Ended | None, ...]:
    """What the processor worked is shared among those that have an answer."""
    answered = [member for member in members if isinstance(member.ended, Outcome)]
    for member, share_ns in zip(answered, shares(cpu_ns, max(1, len(answered))), strict=False):
        assert isinstance(member.ended, Outcome)
        member.ended = replace(member.ended, cpu_s=share_ns / 1e9)
    return tuple(member.ended for member in members)


def _silent(stage: Stage) -> None:
    """All of it is over so soon that there is nothing to tell."""
