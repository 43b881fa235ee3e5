"""One attempt, from its task to its outcome: what both pipelines share. Runs in a worker process, which may be killed at any
moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_contracts.canonical import fingerprint
from queuebit_problems.errors import ProblemError
from queuebit_quantum_adapter.backends.conditions import Described, TellsCondition
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import InvalidProblem
from queuebit_quantum_adapter.pipelines.annealing import annealed
from queuebit_quantum_adapter.pipelines.checks import is_measurement
from queuebit_quantum_adapter.pipelines.measurement import measured
from queuebit_quantum_adapter.pipelines.optimisation import optimised
from queuebit_quantum_adapter.ports import Provider, Request, Spins
from queuebit_quantum_adapter.shell.task import Outcome, Report, Task
from queuebit_quantum_adapter.submissions.journal import Journal, Remembering
from queuebit_quantum_adapter.submissions.local import Here
from queuebit_quantum_adapter.submissions.running import Compiled, CompilingRunner, HandIn, Runner, open_provider

Pipeline = Callable[[Task, Runner, Report], Outcome]

WARM_KEY = UUID(int=0)
ONE_TURN = Circuit(1, (Register("c", 1),), (Gate("rx", (0,), (), (0,)), Measure(0, 0)), 1)
"""The smallest circuit that takes every step."""
ONE_SPIN = Spins(1, ((0, 1.0),), ())


@dataclass(frozen=True, slots=True)
class Kept:
    """How an attempt that outlives its process hands in, and what it has found out."""

    hand_in: HandIn
    journal: Journal


def run(task: Task, report: Report, kept: Kept | None = None) -> Outcome:
    """Answer the problem on the task's backend. Raises AdapterError, and what `kept` raises where a result is not there yet."""
    cpu_begun = time.process_time()
    pipeline = _pipeline(task)
    runner = Runner(task.attempt_id, lambda: _provider(task, kept), kept.hand_in if kept else Here())
    outcome = told_of(task, pipeline(task, runner, report), runner)
    return replace(outcome, cpu_s=time.process_time() - cpu_begun)


def compile_first(task: Task) -> None:
    """Compile what the attempt would hand in first, where it hands anything in. Raises AdapterError."""
    with suppress(Compiled):
        _pipeline(task)(task, CompilingRunner(task.attempt_id, lambda: _provider(task, None)), lambda _: None)


def told_of(task: Task, outcome: Outcome, runner: Runner) -> Outcome:
    """An outcome with what is told of every attempt."""
    provenance = {"problem_fingerprint": fingerprint(task.problem), **outcome.provenance}
    return replace(outcome, qpu_s=runner.qpu_s, provenance=provenance)


def describe(backend: BackendSpec) -> Described:
    """Ask a backend for both. Raises AdapterError."""
    provider = open_provider(backend)
    condition = provider.condition() if isinstance(provider, TellsCondition) else None
    return Described(provider.capabilities(), condition)


def warm(backend: BackendSpec) -> None:
    """Load what the first attempt would wait for: the SDK, and one small run of it where it runs here."""
    one = Request((), (0,), 1, spins=ONE_SPIN) if backend.annealer else Request((Bound(ONE_TURN, (1.0,)),), (0,), 1)
    provider, request = open_provider(backend), one
    provider.preflight(request)
    if not backend.durable:
        provider.submit(request, WARM_KEY, None)


def _provider(task: Task, kept: Kept | None) -> Provider:
    if kept is None:
        return open_provider(task.backend)
    return Remembering(lambda: open_provider(task.backend), task.backend.name, kept.journal)


def _pipeline(task: Task) -> Pipeline:
    """Circuits to be measured, or a problem to be solved by circuits or by an annealer."""
    try:
        if is_measurement(task.problem):
            return measured
        return annealed if task.backend.annealer else optimised
    except ProblemError as error:
        raise InvalidProblem(str(error), remedy=error.remedy) from error
