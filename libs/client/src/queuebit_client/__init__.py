"""Queuebit client and command line: submit a problem, watch it, read the checked answer.

from queuebit_client import Queuebit

with Queuebit() as queuebit:
    job = queuebit.wait(queuebit.submit({"kind": "maxcut", "statement": {...}}).id)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queuebit_client.asynchronous import AsyncQueuebit
    from queuebit_client.document import document_of
    from queuebit_client.errors import QueuebitError
    from queuebit_client.handles import AsyncHandle, Handle
    from queuebit_client.models import Job, JobEvent, JobSummary
    from queuebit_client.results.comparison import Comparison
    from queuebit_client.results.histogram import Histogram
    from queuebit_client.results.shown import Result, Verdict
    from queuebit_client.synchronous import Queuebit

_PLACES = {
    "AsyncHandle": "handles",
    "AsyncQueuebit": "asynchronous",
    "Comparison": "results.comparison",
    "Handle": "handles",
    "Histogram": "results.histogram",
    "Job": "models",
    "JobEvent": "models",
    "JobSummary": "models",
    "Queuebit": "synchronous",
    "QueuebitError": "errors",
    "Result": "results.shown",
    "Verdict": "results.shown",
    "document_of": "document",
}

__all__ = [
    "AsyncHandle",
    "AsyncQueuebit",
    "Comparison",
    "Handle",
    "Histogram",
    "Job",
    "JobEvent",
    "JobSummary",
    "Queuebit",
    "QueuebitError",
    "Result",
    "Verdict",
    "document_of",
]


def __getattr__(name: str) -> Any:
    """Names are imported when first used, so that the command line starts quickly."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
