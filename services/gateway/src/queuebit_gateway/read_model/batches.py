"""What is answered to a batch: a fate for each of its jobs, in their order."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from queuebit_contracts.model import Model
from queuebit_gateway.problem_details import ProblemBody
from queuebit_gateway.read_model.models import JobSummary


class BatchLine(Model):
    """What became of one job of a batch. `status` and `problem` are those that POST /v1/jobs would have answered with."""

    status: int
    replayed: bool = Field(default=False, description="The key was held before: this is the job of the first time.")
    job: JobSummary | None = None
    problem: ProblemBody | None = None


class Batch(Model):
    """The fates of a batch, in the order of its jobs; each job lives on its own from here."""

    object: Literal["batch"] = "batch"
    taken: int
    refused: int
    data: tuple[BatchLine, ...]
