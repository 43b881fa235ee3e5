"""In which version the control plane writes: today's, or the older one that its operator names."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from queuebit_contracts import events as ev
from queuebit_contracts.registry import REGISTRY
from queuebit_contracts.writing import TODAY, Writing
from queuebit_control_plane.handler import CommandHandler
from queuebit_control_plane.settings import ControlPlaneSettings, versions_in
from queuebit_domain.job.codec import fold
from queuebit_domain.job.state import EndedJob
from queuebit_store.memory import MemoryStore
from tests.builders import JOB_ID
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.handling import STORY, WHOLE, a_command


class OlderFall(ev.JobStarted):
    """JobStarted as some release before might have had it, without its worker."""

    type_name = "JobStarted"
    worker: str = ""


@pytest.mark.parametrize(
    ("text", "found"), [("", ()), (" JobPlanned.v1 , JobQueued.v1,", ("JobPlanned.v1", "JobQueued.v1"))]
)
def test_versions_are_parted_by_commas(text: str, found: tuple[str, ...]) -> None:
    assert versions_in(text) == found


def test_what_is_written_as_today_needs_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUEBIT_CONTROL_PLANE_WRITE_AS", "JobPlanned.v1,JobQueued.v1")

    settings = ControlPlaneSettings()

    assert REGISTRY.written_as(versions_in(settings.write_as)) == {}
    queued = ev.JobCancelled(actor="a")
    assert settings.writing.form(queued) is queued is TODAY.form(queued)


@pytest.mark.parametrize("wrong", ["JobPlanned.v9", "JobPlanned", "Nothing.v1"])
def test_a_version_that_is_not_known_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("QUEUEBIT_CONTROL_PLANE_WRITE_AS", wrong)

    with pytest.raises(ValidationError, match="write_as"):
        ControlPlaneSettings()


async def test_events_are_stored_in_the_version_that_they_are_written_as() -> None:
    store = MemoryStore()

    def older(started: object) -> OlderFall:
        assert isinstance(started, ev.JobStarted)
        return OlderFall(attempt_id=started.attempt_id, leg=started.leg, started_at=started.started_at)

    handler = CommandHandler(store, StoppedClock(), appended=lambda: None, writing=Writing({ev.JobStarted: older}))
    for message in STORY:
        await handler.handle([a_command(message())])

    stored = (await store.load([JOB_ID]))[JOB_ID]
    assert [event.type for event in stored] == WHOLE
    assert '"worker":""' in stored[3].data
    assert isinstance(fold(stored), EndedJob)
