"""Reading jobs: whose they are, how they stand, what happened. Nothing here writes."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pydantic_core import from_json

from queuebit_contracts.channels import source_of
from queuebit_contracts.envelope import structured_attributes
from queuebit_contracts.events import JobRejected
from queuebit_contracts.jobs import TERMINAL_STATES
from queuebit_contracts.registry import type_name_of
from queuebit_domain.job.state import Job, NoJob
from queuebit_domain.policy.tables import Policy
from queuebit_gateway.asker import Asker
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.models import JobSummary, JobView
from queuebit_gateway.read_model.policies import active_policy
from queuebit_gateway.read_model.stories import LARGE_BYTES, Stories, pages
from queuebit_gateway.read_model.view import Accepted, Happened, accepted_of, fresh_view
from queuebit_gateway.read_model.watching import refusal_stream
from queuebit_runtime.processes.hops import AnyHop
from queuebit_store.ports import StoredEvent, StreamFilter, StreamRow, StreamStore

T = TypeVar("T")

ACCEPTED_MAX = 10_000
EVENTS_SHOWN_MAX = 1000
STORE_SOURCE = source_of("control-plane")


@dataclass(frozen=True, slots=True)
class Found:
    """A job that the tenant may see: its stream where it has one, else what was accepted."""

    job_id: UUID
    tenant: str
    stream_id: UUID
    row: StreamRow | None
    accepted: Accepted | None

    @property
    def version(self) -> int:
        return self.row.version if self.row else 0

    @property
    def state(self) -> str:
        return self.row.head.state if self.row else "submitted"

    @property
    def ended(self) -> bool:
        return self.state in TERMINAL_STATES


class Jobs:
    """The read side. Remembers the last 10,000 questions accepted here, so that nobody asks the store for what is in front of
    their first event.
    """

    def __init__(self, store: StreamStore, *, hop: AnyHop = asyncio.to_thread) -> None:
        """`hop` reads large stories off the event loop."""
        self._store = store
        self._hop = hop
        self._stories = Stories(store, hop)
        self._accepted: OrderedDict[UUID, Accepted] = OrderedDict()

    def remember(self, accepted: Accepted) -> None:
        """A question was taken; until its events are stored, this is the job."""
        self._accepted[accepted.job_id] = accepted
        if len(self._accepted) > ACCEPTED_MAX:
            self._accepted.popitem(last=False)

    async def policy(self) -> Policy:
        """By which policy jobs are planned now."""
        return await active_policy(self._store)

    async def find(self, asker: Asker, job_id: UUID) -> Found:
        """The job. Raises Refusal job_not_found, also for the jobs of other tenants, projects and environments."""
        refused_id = refusal_stream(asker.tenant, job_id)
        rows = await self._store.heads([job_id, refused_id], tenant=asker.tenant)
        stream_id = job_id if job_id in rows else refused_id
        row = rows.get(stream_id)
        accepted = None if row else await self._accepted_before(job_id)
        owner = row.tenant if row else accepted.tenant if accepted else None
        found = Found(job_id, asker.tenant, stream_id, row, accepted)
        if owner != asker.tenant or (asker.bound and not asker.sees(await self._labels(found, asker.bound))):
            raise Refusal("job_not_found")
        return found

    async def _labels(self, found: Found, wanted: Mapping[str, str]) -> Mapping[str, str]:
        """These labels of the job. Its head tells them; one of before they stood there, and that of a refusal, does not: then
        its first event does.
        """
        if found.accepted is not None:
            return found.accepted.labels
        assert found.row is not None
        if wanted.keys() <= found.row.head.attributes.keys():
            return found.row.head.attributes
        view = await self.view(found)
        return view.labels if view.origin is None else view.origin.labels

    async def _accepted_before(self, job_id: UUID) -> Accepted | None:
        """The question that was taken here, or by another process: the key that is held for it tells."""
        accepted = self._accepted.get(job_id)
        if accepted is None:
            held = await self._store.held_for(job_id)
            accepted = accepted_of(held) if held else None
        return accepted

    async def asked(self, found: Found) -> str | None:
        """The first event of the job as it is stored; None where it has none yet."""
        events = await self._store.events_of(found.stream_id, limit=1, tenant=found.tenant)
        return events[0].data if events else None

    async def own(self, asker: Asker, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        """Those of a page of the tenant's events that are of jobs that the asker may see."""
        if not asker.bound or not events:
            return events
        rows = await self._store.heads(list({event.stream_id for event in events}), tenant=asker.tenant)
        own = {stream_id for stream_id, row in rows.items() if asker.sees(row.head.attributes)}
        return [each for each in events if each.stream_id in own or asker.sees(_labels_of_refusal(each))]

    async def view(self, found: Found, *, include: frozenset[str] = frozenset()) -> JobView:
        """How the job stands now, at least as far as it was found."""
        if found.row is None:
            assert found.accepted is not None
            return fresh_view(found.accepted)
        story = await self._stories.until(found.stream_id, found.row.version, found.tenant)
        view = story.view(found.job_id, found.tenant, with_plan="plan" in include)
        if "events" in include:
            view = view.model_copy(update={"events": tuple(await self._shown(found))})
        return view

    async def told(self, found: Found, tell: Callable[[JobView, Sequence[Happened]], T]) -> T:
        """What `tell` makes of the job's view, with its plan, and of what has happened to it."""
        if found.row is None:
            assert found.accepted is not None
            return tell(fresh_view(found.accepted), ())
        story = await self._stories.until(found.stream_id, found.row.version, found.tenant)
        return tell(story.view(found.job_id, found.tenant, with_plan=True), story.events)

    async def standing(self, found: Found) -> Job:
        """Where the job stands, by the domain's own fold. Raises Refusal history_unreadable."""
        if found.row is None:
            return NoJob()
        return (await self._stories.until(found.stream_id, found.row.version, found.tenant)).folding.job

    async def page(self, wanted: StreamFilter, limit: int) -> tuple[list[JobSummary], bool]:
        """One page of a list, and whether there is more."""
        rows = await self._store.list_heads(wanted, limit=limit + 1)
        return [summary_of(row) for row in rows[:limit]], len(rows) > limit

    async def _shown(self, found: Found) -> list[dict[str, Any]]:
        """The first events of the job, without statements."""
        shown: list[dict[str, Any]] = []
        async for page in pages(self._store, found.stream_id, 0, found.tenant):
            make = partial(_structured_all, found.job_id, page)
            shown += await self._hop(make) if sum(len(event.data) for event in page) > LARGE_BYTES else make()
            if len(shown) >= EVENTS_SHOWN_MAX:
                break
        return shown[:EVENTS_SHOWN_MAX]


def _labels_of_refusal(event: StoredEvent) -> Mapping[str, str]:
    if event.type != JobRejected.__name__:
        return {}
    try:
        return (_read_data(event.data).get("origin") or {}).get("labels") or {}
    except (ValueError, AttributeError):
        return {}


def _structured_all(job_id: UUID, page: Sequence[StoredEvent]) -> list[dict[str, Any]]:
    return [structured(job_id, event, compact=True) for event in page]


def structured(job_id: UUID, event: StoredEvent, *, compact: bool) -> dict[str, Any]:
    """A stored event as a structured CloudEvent. `compact` leaves problem statements out and says so in `trimmed`."""
    data = _read_data(event.data)
    trimmed = _trim(data) if compact else []
    return {**_attributes(job_id, event, trimmed), "data": data}


def structured_json(job_id: UUID, event: StoredEvent, *, compact: bool) -> str:
    """The text of `structured`. Without `compact` the data is the stored text as it is, whatever its numbers are; with it,
    too, where it cannot be read.
    """
    data, trimmed = _trimmed(event.data) if compact else (event.data, [])
    attributes = orjson.dumps(_attributes(job_id, event, trimmed)).decode()
    return f'{attributes[:-1]},"data":{data}}}'


def _trimmed(text: str) -> tuple[str, list[str]]:
    """The data without problem statements, and the pointers of what was taken; as it is where there is nothing to take."""
    try:
        data = _read_data(text)
        trimmed = _trim(data)
        return (_write_data(data) if trimmed else text), trimmed
    except (ValueError, RecursionError):
        return text, []


def _read_data(text: str) -> Any:
    """Stored JSON, integers exact. Raises ValueError."""
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        # Half of a surrogate pair is JSON, but only the standard library reads it.
        return json.loads(text)


def _write_data(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value, separators=(",", ":"))


def _attributes(job_id: UUID, event: StoredEvent, trimmed: list[str]) -> dict[str, Any]:
    """What a structured CloudEvent says beside its data."""
    return structured_attributes(
        str(event.id),
        STORE_SOURCE,
        type_name_of(event.type, event.schema_version),
        str(job_id),
        event.time,
        tenant=event.tenant,
        streamversion=event.version,
        traceparent=event.traceparent,
        trimmed=trimmed or None,
    )


def _trim(data: Any) -> list[str]:
    """Take the statement of the problem out, wherever an event carries one; returns the pointers of what was taken."""
    trimmed = []
    if not isinstance(data, dict):
        return []
    for pointer, holder in (("/problem", data), ("/request/problem", data.get("request"))):
        problem = holder.get("problem") if isinstance(holder, dict) else None
        if isinstance(problem, dict) and problem.pop("statement", None) is not None:
            trimmed.append(f"{pointer}/statement")
    return trimmed


def summary_of(row: StreamRow) -> JobSummary:
    """The job as a line."""
    head = row.head
    about = head.attributes
    return JobSummary(
        id=row.stream_id,
        state=head.state,
        kind=about["kind"],
        tier=about["tier"],
        lane=about["lane"],
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )
