"""What runs in a worker process: one attempt, then its outcome. Only here, and in what it imports, is a quantum SDK loaded."""

from __future__ import annotations

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter import pipeline
from queuebit_quantum_adapter.errors import AdapterError
from queuebit_quantum_adapter.pipeline import Report
from queuebit_quantum_adapter.task import BackendSpec, Ended, Failed, Stop, Task


def attempt(task: Task, on_progress: Report, stop: Stop) -> Ended:
    """Do the task. What is expected to fail is told as a value. `stop` is not asked: the process is killed instead."""
    del stop
    try:
        return pipeline.run(task, on_progress)
    except AdapterError as error:
        return Failed(error.code, error.detail, error.remedy, error.retry_after_s)
    except MemoryError:
        error_detail = "The worker process ran out of memory."
        return Failed(FailureCode.MEMORY_EXHAUSTED, error_detail, "State a smaller problem.")


def warm(backend: BackendSpec, on_progress: Report, stop: Stop) -> None:
    """Load the SDK before the first attempt asks for it."""
    del on_progress, stop
    pipeline.warm(backend)
