"""Which jobs the demonstration sends, and what becomes of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import TERMINAL_STATES, JobRequest, JobState, LaneWish, Number
from queuebit_problems.files import read_problem
from queuebit_problems.instances import file_name, load

Way = Literal["kafka", "http"]

WISHES: tuple[tuple[str, LaneWish], ...] = (
    ("mc_006_003_000", "auto"),
    ("mc_008_003_000", "auto"),
    ("mc_012_003_000", "quantum"),
    ("mc_016_013_000", "auto"),
    ("gka1c_first6", "auto"),
    ("gka1c_first12", "auto"),
    ("kp_008_none", "auto"),
    ("kp_016_strong", "classical"),
    ("mc_040_003_000", "classical"),
    ("gka1c", "classical"),
    ("bqp50-1", "classical"),
    ("kp_024_weak", "rule"),
    ("gka1c_first16", "simulator"),
    ("kp_200_weak", "classical"),
    ("mc_024_003_000", "classical"),
    ("gka1c_first20", "classical"),
)
"""Instance and lane: small ones let quantum and classical compete, one asks for a device that is not there and falls back."""

BUDGET_S = 10.0
SEED = 7


@dataclass(slots=True)
class DemoJob:
    """A job of the demonstration, as far as its events have come."""

    instance: str
    best_known: Number
    way: Way
    request: JobRequest
    job_id: UUID | None = None
    state: JobState = "submitted"
    ran: str = ""
    objective: Number | None = None
    gap: float | None = None
    verdict: str = ""
    elapsed_s: float | None = None
    note: str = ""
    legs: int = 0
    completions: int = 0

    @property
    def ended(self) -> bool:
        return self.state in TERMINAL_STATES

    @property
    def answered(self) -> bool:
        return self.state == "completed" and self.verdict == "accepted"

    def hear(self, event: Any) -> None:
        """Take an event of the job."""
        match event:
            case ev.JobQueued():
                self.state, self.legs = "queued", self.legs + 1
            case ev.JobStarted():
                self.state = "running"
            case ev.ExecutionProgressed():
                self.objective = event.objective if event.objective is not None else self.objective
            case ev.ExecutionSucceeded():
                self.state = "validating"
            case ev.FallbackTaken():
                self.note = f"{event.from_leg} → {event.to_leg}"
            case ev.JobCompleted():
                self.state, self.completions = "completed", self.completions + 1
                self.ran = f"{event.ran.lane}: {event.ran.method}"
                self.objective, self.gap, self.verdict = event.objective, event.gap, event.verdict
                self.elapsed_s = event.elapsed_s
            case ev.JobFailed():
                self.state, self.note, self.elapsed_s = "failed", event.detail, event.elapsed_s
            case ev.JobExpired():
                self.state, self.note = "expired", "the deadline passed"
            case ev.JobCancelled():
                self.state, self.note = "cancelled", event.reason
            case ev.JobRejected():
                self.state, self.note = "rejected", event.detail
            case _:
                pass


def demo_jobs(tenant: str) -> list[DemoJob]:
    """The jobs, every other one over HTTP."""
    jobs = []
    for number, (name, lane) in enumerate(WISHES):
        instance = load(name)
        problem = read_problem(instance.text, file_name=file_name(name), kind=instance.kind)
        request = JobRequest(tenant=tenant, problem=problem, lane=lane, budget_s=BUDGET_S, seed=SEED)
        jobs.append(DemoJob(name, instance.best_known, "kafka" if number % 2 == 0 else "http", request))
    return jobs
