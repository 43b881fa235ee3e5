"""What happened to jobs, read once for all who ask: each event is folded when it is new, and memory is bounded in bytes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.errors import ContractError
from queuebit_contracts.jobs import Problem
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.codec import read_event
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.bounded_memory import Kept
from queuebit_gateway.read_model.folding import Folding
from queuebit_gateway.read_model.models import JobView
from queuebit_gateway.read_model.shared_work import Shared
from queuebit_gateway.read_model.view import Happened
from queuebit_runtime.processes.hops import AnyHop
from queuebit_store.ports import StoredEvent, StreamStore

log = logging.getLogger(__name__)

KEPT_BYTES_MAX = 64 * 1024 * 1024
READS_MAX = 8
"""Stories that are read at once; others wait."""
LARGE_BYTES = 65_536
PAGE, PAGE_MAX, PAGE_BYTES = 16, 512, 1024 * 1024
OBJECT_FACTOR = 4
"""How much larger an event is in memory than in JSON, about."""

_WITH_STATEMENT = frozenset({ev.JobSubmitted.__name__, ev.JobQueued.__name__})


@dataclass(slots=True)
class Story:
    """A job as far as it was read: its fold, and its events without the statements of problems."""

    stream_id: UUID
    folding: Folding = field(init=False)
    events: list[Happened] = field(default_factory=list)
    bytes_kept: int = 0
    _views: dict[bool, JobView] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folding = Folding(self.stream_id)

    @property
    def version(self) -> int:
        return self.events[-1].version if self.events else 0

    def tell(self, happened: Sequence[Happened], bytes_kept: int) -> None:
        """Take events in that follow on those before. Raises CorruptStream where they do not."""
        for each in happened:
            if each.version != self.version + 1:
                raise CorruptStream(f"version {each.version} stands where {self.version + 1} is due")
            self.folding.apply(each.event, each.at)
            self.events.append(each)
        self.bytes_kept += bytes_kept
        self._views.clear()

    def view(self, job_id: UUID, tenant: str, *, with_plan: bool) -> JobView:
        """The job after its events, of which there is at least one."""
        found = self._views.get(with_plan)
        if found is None:
            first, last = self.events[0], self.events[-1]
            found = self._views[with_plan] = self.folding.view(
                job_id, tenant, version=last.version, created_at=first.at, updated_at=last.at, with_plan=with_plan
            )
        return found


class Stories:
    """Remembers stories; beyond `kept_bytes_max` the least recently asked for are forgotten.

    Readers of the same job share one reading, and what it found.
    """

    def __init__(self, store: StreamStore, hop: AnyHop, *, kept_bytes_max: int = KEPT_BYTES_MAX) -> None:
        """`hop` reads large events off the event loop."""
        self._store = store
        self._hop = hop
        self._kept: Kept[UUID, Story] = Kept(kept_bytes_max)
        self._reading: Shared[UUID, Story] = Shared()
        self._reads = asyncio.Semaphore(READS_MAX)

    async def until(self, stream_id: UUID, version: int, tenant: str) -> Story:
        """The story of this stream of the tenant up to `version` at least, which is there. Raises StoreError, and Refusal
        history_unreadable where its events cannot be read or do not follow on one another.
        """
        story = self._kept.get(stream_id)
        try:
            while story is None or story.version < version:
                story = await self._reading.run(stream_id, partial(self._read_on, tenant, story or Story(stream_id)))
        except (CorruptStream, ContractError) as error:
            log.error("the history of a job makes no sense: %s", error, extra={"job_id": str(stream_id)})
            raise Refusal("history_unreadable", job_id=stream_id) from error
        return story

    async def _read_on(self, tenant: str, story: Story) -> Story:
        async with self._reads:
            async for page in pages(self._store, story.stream_id, story.version, tenant):
                large = sum(len(event.data) for event in page) > LARGE_BYTES
                happened = await self._hop(partial(_read, page)) if large else _read(page)
                story.tell(happened, OBJECT_FACTOR * sum(map(_weight, page)))
        self._kept.put(story.stream_id, story, story.bytes_kept)
        return story


async def pages(store: StreamStore, stream_id: UUID, after: int, tenant: str) -> AsyncIterator[list[StoredEvent]]:
    """The events of a stream after a version, in pages of few while events are large and of many while they are small."""
    limit = PAGE
    while page := await store.events_of(stream_id, after_version=after, limit=limit, tenant=tenant):
        yield page
        if len(page) < limit:
            return
        after = page[-1].version
        small = sum(len(event.data) for event in page) < PAGE_BYTES
        limit = min(PAGE_MAX, 2 * limit) if small else PAGE


def _read(page: Sequence[StoredEvent]) -> list[Happened]:
    return [_without_statement(Happened(event.version, event.time, read_event(event))) for event in page]


def _without_statement(happened: Happened) -> Happened:
    """The event without the statement of its problem, which is most of it and which nobody is told from here."""
    match happened.event:
        case ev.JobSubmitted() as event:
            request = event.request.model_copy(update={"problem": _bare(event.request.problem)})
            return replace(happened, event=event.model_copy(update={"request": request}))
        case ev.JobQueued() as event:
            return replace(happened, event=event.model_copy(update={"problem": _bare(event.problem)}))
        case _:
            return happened


def _bare(problem: Problem) -> Problem:
    return problem.model_copy(update={"statement": {}})


def _weight(event: StoredEvent) -> int:
    """The bytes that are kept of an event: of those with a statement, at most what is left without one."""
    return min(len(event.data), LARGE_BYTES) if event.type in _WITH_STATEMENT else len(event.data)
