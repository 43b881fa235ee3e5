"""The release after this one, as far as a rolling deploy shows it: a plan says who decided it, which no earlier reader knows.

`python -m tests.e2e.next_release MODULE` runs a service of it. What it changes is what a new version of an event changes: a
model, an upcast with its way back, and the one place that writes it.
"""

from __future__ import annotations

import runpy
import sys
from functools import partial
from typing import Any, ClassVar

from queuebit_contracts.data import Data
from queuebit_contracts.events import JobPlanned
from queuebit_contracts.registry import MODELS, REGISTRY, UPCASTS, Registry, Upcast
from queuebit_domain.job import routing


class JobPlannedNext(JobPlanned):
    """As the next release writes it."""

    type_name: ClassVar[str] = "JobPlanned"
    schema_version: ClassVar[int] = 2

    decided_by: str


def _forth(old: Data) -> Data:
    return JobPlannedNext(**_fields(old), decided_by="nobody said")


def _back(new: Data) -> Data:
    return JobPlanned(**_fields(new))


def _fields(planned: Data) -> dict[str, Any]:
    return {name: getattr(planned, name) for name in JobPlanned.model_fields}


def registry() -> Registry:
    """What the next release reads."""
    models = [JobPlannedNext if model is JobPlanned else model for model in MODELS]
    return Registry(models, (*UPCASTS, Upcast(JobPlanned, JobPlannedNext, _forth, _back)))


def install() -> None:
    """Make this process one of the next release."""
    vars(REGISTRY).update(vars(registry()))
    decided = partial(JobPlannedNext, decided_by="routing")
    vars(routing)["JobPlanned"] = decided


if __name__ == "__main__":
    install()
    module = sys.argv.pop()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
