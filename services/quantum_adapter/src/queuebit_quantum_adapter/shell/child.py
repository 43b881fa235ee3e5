"""What runs in a worker process: one attempt, then its outcome. Only here, and in what it imports, is a quantum SDK loaded."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from typing import Any
from uuid import UUID

from queuebit_contracts.failures import FAILURES, FailureCode
from queuebit_quantum_adapter.backends.conditions import Described
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import AdapterError, Stopped
from queuebit_quantum_adapter.evidence.keeping import keeping_here
from queuebit_quantum_adapter.evidence.run import Recorded, items_of, listed, setting_of
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.shell.task import Ended, Failed, Outcome, Report, Step, Task, Waiting
from queuebit_quantum_adapter.submissions.journal import Journal
from queuebit_quantum_adapter.submissions.local import Here
from queuebit_quantum_adapter.submissions.running import open_provider
from queuebit_quantum_adapter.submissions.used import Asked, Used
from queuebit_store.evidence.port import Piece


def attempt(task: Task, on_progress: Report) -> Ended:
    """Do the task. What is expected to fail is told as a value. On SIGTERM it is Stopped between two steps of the interpreter,
    and the process ends.
    """
    keeping = keeping_here(paid=False) if task.kept else None
    if keeping is None:
        return told(lambda: frame.run(task, on_progress))
    recorded, journal = Recorded(Here()), Journal()
    ended = told(lambda: frame.run(task, on_progress, frame.Kept(recorded, journal)))
    items = recorded.items(keeping, journal, setting_of(task.backend, task.limits), programs=True)
    return replace(ended, artifacts=listed(keeping, task.attempt_id, task.backend.name, items, recorded.count))


def attempts(tasks: tuple[Task, ...], on_progress: Report) -> tuple[Ended | None, ...]:
    """Do several tasks together; None for one that is to be done alone."""
    from queuebit_quantum_adapter.pipelines.joined import run_joined

    del on_progress
    return run_joined(tasks)


def compiled(task: Task, on_progress: Report) -> Failed | None:
    """Compile in this process what the task would hand in first."""
    del on_progress
    try:
        frame.compile_first(task)
    except AdapterError as error:
        return Failed.of(error)
    return None


def step(asked: Step, on_progress: Report) -> Ended | Waiting:
    """Go through a task whose circuits are handed in through the ledger: to its outcome, or until a result is not there yet."""
    from queuebit_quantum_adapter.submissions.ledger import ledger_loop, open_ledger
    from queuebit_quantum_adapter.submissions.parking import Claim, Parking, Waits
    from queuebit_store.errors import StoreError

    task, journal = asked.task, Journal(asked.journal)
    claim = Claim(task.attempt_id, asked.lineage, asked.epoch, task.backend, task.patient, task.regions)
    keeping = keeping_here(paid=True) if task.kept else None
    parking = Parking(open_ledger, claim, journal, loop=ledger_loop(), keeping=keeping)
    recorded = Recorded(parking)
    try:
        ended = told(lambda: frame.run(task, on_progress, frame.Kept(recorded, journal)))
        if isinstance(ended, Outcome):
            ended = replace(ended, used=parking.used, costs=parking.costs)
        if keeping is None:
            return ended
        seen = ledger_loop().run(_seen(asked.lineage))
        setting = setting_of(task.backend, task.limits)
        items = chain(recorded.items(keeping, journal, setting, programs=False), items_of(seen))
        return replace(ended, artifacts=listed(keeping, task.attempt_id, task.backend.name, items, recorded.count))
    except Waits as waits:
        return Waiting(waits.key)
    except StoreError as error:
        return Waiting(None, str(error))


def follow(backend: BackendSpec, on_progress: Callable[[Any], None]) -> int:
    """Act on what is due at a backend, whoever began it; how many submissions that were."""
    from queuebit_quantum_adapter.submissions.following import advance
    from queuebit_quantum_adapter.submissions.ledger import ledger_loop, open_ledger

    del on_progress
    keeping = keeping_here(paid=True)
    return ledger_loop().run(advance(open_ledger, backend, lambda: open_provider(backend), keeping=keeping))


def used(asked: Asked, on_progress: Callable[[Any], None]) -> Used | None:
    """What a submission that has ended used; None where its provider does not say yet."""
    from queuebit_quantum_adapter.submissions import used as using
    from queuebit_quantum_adapter.submissions.ledger import ledger_loop, open_ledger

    del on_progress
    return ledger_loop().run(using.used(open_ledger, asked, lambda: open_provider(asked.spec)))


async def _seen(lineage: UUID) -> list[Piece]:
    from queuebit_quantum_adapter.submissions.ledger import open_ledger

    return await (await open_ledger()).evidence_of_lineage(lineage)


def warm(backend: BackendSpec, on_progress: Callable[[Any], None]) -> Described:
    """Load the SDK before the first attempt asks for it, and say what the backend can do and how it is."""
    frame.warm(backend)
    return describe(backend, on_progress)


def describe(backend: BackendSpec, on_progress: Callable[[Any], None]) -> Described:
    """What a backend can do, and how it is now."""
    del on_progress
    return frame.describe(backend)


def told(work: Callable[[], Ended]) -> Ended:
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        return work()
    except AdapterError as error:
        return Failed.of(error)
    except MemoryError:
        code = FailureCode.MEMORY_EXHAUSTED
        return Failed(code, "The worker process ran out of memory.", FAILURES[code].remedy, action="degrade")
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(_number: int, _frame: object) -> None:
    raise Stopped
