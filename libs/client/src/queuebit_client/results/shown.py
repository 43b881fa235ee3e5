"""What came of a job, apart: its answer with what gave it, and what that is worth. Each shows itself in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from queuebit_client import notebook
from queuebit_client.models import Job


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of a job: what it is, and what ran for it at which cost."""

    job: Job

    @classmethod
    def of_job(cls, job: Job) -> Result | None:
        """The answer; None where there is none."""
        return None if job.answer is None else cls(job)

    @property
    def answer(self) -> dict[str, Any]:
        assert self.job.answer is not None
        return self.job.answer

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """How a notebook shows it."""
        return notebook.of_result(self.job)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the validator found, recomputed from the problem alone: objective, bound, gap, confidence and its parts, reasons."""

    job: Job

    @classmethod
    def of_job(cls, job: Job) -> Verdict | None:
        """The verdict; None where nothing was checked yet."""
        return None if job.verdict is None else cls(job)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """How a notebook shows it."""
        return notebook.of_verdict(self.job)
