"""One look-out for a process: tells whoever waits for a job when its stream has grown."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from queuebit_contracts.channels import source_of
from queuebit_contracts.ids import derive_id, refusal_id_of
from queuebit_gateway.problem_details import Refusal
from queuebit_runtime.clock import Clock
from queuebit_store.errors import StoreError
from queuebit_store.ports import StreamRow, StreamStore

SOURCE = source_of("gateway")
POLL_INTERVAL_S = 0.05
PAUSE_S = 1.0
IDS_PER_POLL = 1000
WATCHED_MAX = 10_000
WATCHERS_OF_TENANT_MAX = 5_000


def submitted_event_id(job_id: UUID) -> UUID:
    """The id of the event by which the gateway submits a job: a repeat has the same."""
    return derive_id(job_id, "JobSubmitted")


def refusal_stream(tenant: str, job_id: UUID) -> UUID:
    """The stream that the control plane gives a question that it refuses at the door."""
    return refusal_id_of(tenant, SOURCE, submitted_event_id(job_id))


@dataclass(slots=True)
class _Watched:
    tenant: str
    version: int = 0
    watchers: int = 0
    grown: asyncio.Event = field(default_factory=asyncio.Event)


class Tailer:
    """Polls the heads of the jobs that somebody watches, all together, and only while somebody does.

    A poll takes `poll_interval_s` for up to 1,000 jobs and proportionally longer for more, so the load on the store is bounded.
    """

    def __init__(self, store: StreamStore, clock: Clock, *, poll_interval_s: float = POLL_INTERVAL_S) -> None:
        self._store = store
        self._clock = clock
        self._poll_interval_s = poll_interval_s
        self._watched: dict[UUID, _Watched] = {}
        self._of_tenant: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None
        self.closing = False

    async def newer(self, tenant: str, job_id: UUID, version: int, timeout_s: float) -> bool:
        """Wait until the job is beyond `version`; False when the time is over or this process stops."""
        if self.closing:
            return False
        if job_id not in self._watched and len(self._watched) >= WATCHED_MAX:
            raise Refusal("service_unavailable", "Too many jobs are being watched here.", retry_after_s=5)
        if self._of_tenant[tenant] >= WATCHERS_OF_TENANT_MAX:
            raise Refusal("rate_limited", f"{self._of_tenant[tenant]} of your calls wait here.", retry_after_s=5)
        watched = self._watched.setdefault(job_id, _Watched(tenant))
        watched.watchers += 1
        self._of_tenant[tenant] += 1
        if self._task is None:
            self._task = asyncio.create_task(self._poll())
        try:
            async with asyncio.timeout(timeout_s):
                while watched.version <= version and not self.closing:
                    await watched.grown.wait()
        except TimeoutError:
            pass
        finally:
            watched.watchers -= 1
            self._of_tenant[tenant] -= 1
            if not self._of_tenant[tenant]:
                del self._of_tenant[tenant]
            if not watched.watchers:
                self._watched.pop(job_id, None)
        return watched.version > version

    def close(self) -> None:
        """Let everybody go who waits: the process stops."""
        self.closing = True
        for watched in self._watched.values():
            watched.grown.set()

    async def _poll(self) -> None:
        try:
            while self._watched and not self.closing:
                try:
                    await self._look()
                except StoreError:
                    await self._clock.sleep(PAUSE_S)
                await self._clock.sleep(self._poll_interval_s * (1 + len(self._watched) // IDS_PER_POLL))
        finally:
            self._task = None

    async def _look(self) -> None:
        wanted = list(self._watched.items())
        for start in range(0, len(wanted), IDS_PER_POLL):
            part = wanted[start : start + IDS_PER_POLL]
            unseen = {refusal_stream(one.tenant, job_id): job_id for job_id, one in part if not one.version}
            rows = await self._store.heads([*(job_id for job_id, _ in part), *unseen])
            self._tell((unseen.get(row.stream_id, row.stream_id), row) for row in rows.values())

    def _tell(self, rows: Iterable[tuple[UUID, StreamRow]]) -> None:
        for job_id, row in rows:
            watched = self._watched.get(job_id)
            if watched is not None and row.version > watched.version:
                watched.version = row.version
                watched.grown.set()
                watched.grown = asyncio.Event()
