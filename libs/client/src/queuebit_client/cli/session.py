"""The client of a command, and how it waits."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from queuebit_client.models import Job
    from queuebit_client.synchronous import Queuebit


@dataclass(frozen=True, slots=True)
class Target:
    """Which server, as the flags before the command said."""

    url: str | None = None
    profile: str | None = None

    @property
    def stated(self) -> bool:
        """Whether a flag named a server."""
        return self.url is not None or self.profile is not None

    def client(self) -> Queuebit:
        """A client of that server."""
        from queuebit_client.synchronous import Queuebit

        return Queuebit(self.url, profile=self.profile)


def wait_for(client: Queuebit, job: Job, timeout_s: float | None) -> Job:
    """The job when it has ended; on a terminal with a line that tells how it goes. Raises WaitTimeout."""
    if job.ended:
        return job
    if not sys.stderr.isatty():
        return client.wait(job.id, timeout_s=timeout_s)
    from queuebit_client.cli.render import live_line
    from queuebit_client.cli.words import words_of

    with live_line(f"Job {job.id}: {job.state}") as line:
        if timeout_s is not None:
            return client.wait(job.id, timeout_s=timeout_s)
        for event in client.watch(job.id):
            line(f"Job {job.id}: {words_of(event.name, event.data) or event.name}")
        return client.get(job.id)
