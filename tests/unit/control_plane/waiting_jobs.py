"""Jobs that wait for their turn, as their tenant has its share of the lane out."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Submit, Wake
from queuebit_domain.job.state import NoJob, OpenJob
from queuebit_domain.release.shares import Order, Queue, Shares
from tests.builders import JOB_ID, NOW, a_failure
from tests.unit.control_plane.planned import submitted

SIMULATOR = {"role": "primary", "lane": "simulator"}
BEHIND = {"role": "fallback", "lane": "classical", "starts": "when_needed"}
LATER = NOW + timedelta(seconds=1)
LEG = "primary-simulator"


def full() -> Shares:
    """A simulator lane whose window the tenant has out."""
    shares = Shares({"simulator": 1.0})
    order = Order("acme", Queue("simulator", "interactive"), "tsp", 10_000, 10_000, 9.0)
    shares.let_out(UUID(int=1), UUID(int=1), order, NOW)
    return shares


def waiting(submit: Submit | None = None) -> OpenJob:
    _, job = decide(NoJob(), submit or submitted(SIMULATOR, BEHIND), NOW, JOB_ID, shares=full())
    assert isinstance(job, OpenJob)
    return job


def sent_before() -> OpenJob:
    """A job whose first attempt was out and failed, and whose next one waits."""
    _, out = decide(NoJob(), submitted(SIMULATOR, BEHIND), NOW, JOB_ID)
    _, resting = decide(out, a_failure(LEG, code="backend_unavailable"), NOW, JOB_ID)
    _, job = decide(resting, Wake(), NOW + timedelta(seconds=3), JOB_ID, shares=full())
    assert isinstance(job, OpenJob)
    return job
