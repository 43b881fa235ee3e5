"""A job that goes on, to be held in the hand: awaited, shown as it goes on, withdrawn."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from importlib import import_module
from typing import Any, Protocol
from uuid import UUID

from queuebit_client import notebook
from queuebit_client.models import Job, JobEvent

PACE_S = 0.25
"""However much happens, the job is read and shown no more often than this."""

Screen = Callable[[Job], None]
"""Shows the job as it is now, in the place of what was shown before."""


class AsyncClient(Protocol):
    """What a handle needs of an `AsyncQueuebit`."""

    async def get(self, job_id: UUID | str) -> Job: ...
    async def wait(self, job_id: UUID | str, *, timeout_s: float | None = None) -> Job: ...
    def watch(self, job_id: UUID | str, *, after: int = 0) -> AsyncIterator[JobEvent]: ...
    async def cancel(self, job_id: UUID | str, *, reason: str = "") -> Job: ...


class Client(Protocol):
    """What a handle needs of a `Queuebit`."""

    def get(self, job_id: UUID | str) -> Job: ...
    def wait(self, job_id: UUID | str, *, timeout_s: float | None = None) -> Job: ...
    def watch(self, job_id: UUID | str, *, after: int = 0) -> Iterator[JobEvent]: ...
    def cancel(self, job_id: UUID | str, *, reason: str = "") -> Job: ...


class _Held:
    """`job`: as it was seen last."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @property
    def id(self) -> UUID:
        return self.job.id

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """How a notebook shows it."""
        return notebook.of_job(self.job)


class AsyncHandle(_Held):
    """A job of an `AsyncQueuebit`. `await handle` gives the job when it has ended, whatever its end is."""

    def __init__(self, client: AsyncClient, job: Job) -> None:
        super().__init__(job)
        self._client = client

    def __await__(self) -> Generator[Any, None, Job]:
        return self.result().__await__()

    async def result(self, *, timeout_s: float | None = None) -> Job:
        """The job when it has ended. Raises WaitTimeout after `timeout_s`; the job goes on."""
        if not self.job.ended:
            self.job = await self._client.wait(self.id, timeout_s=timeout_s)
        return self.job

    async def show(self, screen: Screen | None = None) -> Job:
        """Follow it to its end in one output of a notebook, which changes as the job goes on. The job when it has ended."""
        pace = _Pace(screen or cell())
        pace.show(self.job)
        if not self.job.ended:
            async for _ in self._client.watch(self.id, after=self.job.version):
                if pace.due():
                    self.job = await self._client.get(self.id)
                    pace.show(self.job)
            self.job = await self._client.get(self.id)
            pace.show(self.job)
        return self.job

    async def cancel(self, reason: str = "") -> Job:
        """Ask for it to be withdrawn. Raises Conflict where it has ended."""
        self.job = await self._client.cancel(self.id, reason=reason)
        return self.job


class Handle(_Held):
    """A job of a `Queuebit`: the same, for programs without an event loop."""

    def __init__(self, client: Client, job: Job) -> None:
        super().__init__(job)
        self._client = client

    def result(self, *, timeout_s: float | None = None) -> Job:
        """The job when it has ended. Raises WaitTimeout after `timeout_s`; the job goes on."""
        if not self.job.ended:
            self.job = self._client.wait(self.id, timeout_s=timeout_s)
        return self.job

    def show(self, screen: Screen | None = None) -> Job:
        """Follow it to its end in one output of a notebook, which changes as the job goes on. The job when it has ended."""
        pace = _Pace(screen or cell())
        pace.show(self.job)
        if not self.job.ended:
            for _ in self._client.watch(self.id, after=self.job.version):
                if pace.due():
                    self.job = self._client.get(self.id)
                    pace.show(self.job)
            self.job = self._client.get(self.id)
            pace.show(self.job)
        return self.job

    def cancel(self, reason: str = "") -> Job:
        """Ask for it to be withdrawn. Raises Conflict where it has ended."""
        self.job = self._client.cancel(self.id, reason=reason)
        return self.job


def cell() -> Screen:
    """One output of the notebook that runs this; elsewhere nothing is shown."""
    try:
        shell = import_module("IPython").get_ipython()
        display = import_module("IPython.display").display
    except ImportError:
        return _nothing
    if shell is None:
        return _nothing
    shown: list[Any] = []

    def show(job: Job) -> None:
        if shown:
            shown[0].update(job)
        else:
            shown.append(display(job, display_id=True))

    return show


def _nothing(_job: Job) -> None:
    pass


class _Pace:
    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._shown_at_s = 0.0

    def due(self) -> bool:
        return time.monotonic() - self._shown_at_s >= PACE_S

    def show(self, job: Job) -> None:
        self._shown_at_s = time.monotonic()
        self._screen(job)
