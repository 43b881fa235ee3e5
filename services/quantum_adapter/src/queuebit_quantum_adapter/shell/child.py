"""What runs in a worker process: one attempt, then its outcome. Only here, and in what it imports, is a quantum SDK loaded."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from queuebit_contracts.failures import FAILURES, FailureCode
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import AdapterError, Stopped
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.shell.task import Ended, Failed, Report, Task
from queuebit_quantum_adapter.submissions.running import open_provider

if TYPE_CHECKING:
    from queuebit_quantum_adapter.submissions.durable import Durable


def attempt(task: Task, on_progress: Report) -> Ended:
    """Do the task. What is expected to fail is told as a value. On SIGTERM it is Stopped between two steps of the interpreter,
    and the process ends.
    """
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        return frame.run(task, on_progress)
    except AdapterError as error:
        return Failed.of(error)
    except MemoryError:
        code = FailureCode.MEMORY_EXHAUSTED
        return Failed(code, "The worker process ran out of memory.", FAILURES[code].remedy, action="degrade")
    finally:
        signal.signal(signal.SIGTERM, before)


def follow(backend: BackendSpec, on_progress: Callable[[Any], None]) -> int:
    """Act on what is due at a backend, whoever began it; how many submissions that were."""
    del on_progress
    return _ledger_of(backend).advance(open_provider(backend))


def cancel(wanted: tuple[BackendSpec, UUID], on_progress: Callable[[Any], None]) -> int:
    """Note that nobody wants the results of an attempt any more."""
    del on_progress
    backend, attempt_id = wanted
    return _ledger_of(backend).cancel(attempt_id)


def _ledger_of(backend: BackendSpec) -> Durable:
    from queuebit_quantum_adapter.submissions.durable import Durable, ledger_loop, open_ledger

    return Durable(open_ledger, backend.name, loop=ledger_loop())


def _stop(_number: int, _frame: object) -> None:
    raise Stopped


def warm(backend: BackendSpec, on_progress: Callable[[Any], None]) -> None:
    """Load the SDK before the first attempt asks for it."""
    del on_progress
    frame.warm(backend)
