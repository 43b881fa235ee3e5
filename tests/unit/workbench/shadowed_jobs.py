"""Jobs that several experiments measured, as they decide and are stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_domain.job import routing
from queuebit_domain.job.decide import decide
from queuebit_domain.job.state import Job, NoJob
from queuebit_operations.scan.port import EventRow, Selection, Stream
from queuebit_workbench.experiments.freezing import Window
from tests.builders import NOW, a_submit, a_success, a_verdict, at
from tests.unit.policy.policies import a_policy, measured, row

WEEK = Window(NOW, NOW + timedelta(days=7))
POLICY = a_policy(
    row("x", "classical", wish="classical"),
    experiments=[measured("deep", wish="classical"), measured("shallow", "simulator", wish="classical")],
)
DEEP, SHALLOW, SHOWN = "shadow-quantum", "shadow-simulator", "primary-classical"


class Log:
    """Jobs with their events, as an operator reads them."""

    def __init__(self) -> None:
        self.jobs: dict[UUID, list[tuple[ev.JobEvent, datetime]]] = {}

    def add(self, number: int, *told: Any, policy: Any = POLICY, **changes: Any) -> None:
        """One more job: submitted, planned and told these messages, a second apart."""
        job_id = UUID(int=number)
        submit = a_submit(**changes)
        planned = routing.plan(submit.inputs, policy)
        job: Job = NoJob()
        events: list[tuple[ev.JobEvent, datetime]] = []
        for nth, message in enumerate((replace(submit, job_id=job_id, planned=planned), *told)):
            decided, job = decide(job, message, at(nth), job_id)
            events += [(each, at(nth)) for each in decided]
        self.jobs[job_id] = events

    async def streams(self, selection: Selection, *, page_events: int = 100) -> AsyncIterator[list[Stream]]:
        assert selection.types == ("JobPlanned",)
        for job_id, events in self.jobs.items():
            yield [Stream(job_id, None, [_row(job_id, nth, *each) for nth, each in enumerate(events, start=1)])]


def _row(job_id: UUID, version: int, event: ev.JobEvent, when: datetime) -> EventRow:
    data = orjson.dumps(event.model_dump(mode="json", exclude_none=True)).decode()
    name, schema = type(event).__name__, getattr(type(event), "schema_version", 1)
    return EventRow(
        1, 1, version, job_id, version, UUID(int=version), name, schema, data, when, "acme", None, None, "job", when
    )


def answers(leg: str, number: int, job: int, **changes: Any) -> Sequence[Any]:
    attempt_id = attempt_id_of(UUID(int=job), leg, number)
    execution = a_success(leg).model_copy(update={"attempt_id": attempt_id, **changes.pop("execution", {})})
    verdict = a_verdict(leg).model_copy(update={"attempt_id": attempt_id, **changes})
    return execution, verdict
