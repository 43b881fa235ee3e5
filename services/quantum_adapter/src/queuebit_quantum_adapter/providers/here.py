"""What runs inside the process that asks for it: it is done when it is handed in, and nothing of it outlives the process.

A running simulation cannot be cancelled from inside: the process that runs it is killed instead.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from queuebit_quantum_adapter.errors import KeyReused, RunFailed
from queuebit_quantum_adapter.ports import Poll, Request, Result, RunState

RESULTS_MAX = 4


class RunsHere:
    """The half of a provider that hands in and looks after. The last few results are kept by their id."""

    def __init__(self, run: Callable[[Request], Result]) -> None:
        self._run = run
        self._results: OrderedDict[str, tuple[Request, Result]] = OrderedDict()

    def fence(self, key: UUID) -> None:
        """What runs here needs none."""

    def submit(self, request: Request, key: UUID, fence: str | None = None) -> str:  # noqa: ARG002
        provider_id = str(key)
        kept = self._results.get(provider_id)
        if kept is None:
            self._results[provider_id] = (request, self._run(request))
            while len(self._results) > RESULTS_MAX:
                self._results.popitem(last=False)
        elif kept[0] != request:
            raise KeyReused(f"The key {key} was used for another request before.")
        return provider_id

    def poll(self, provider_id: str) -> Poll:
        return Poll(RunState.SUCCEEDED if provider_id in self._results else RunState.UNKNOWN)

    def result(self, provider_id: str) -> Result:
        kept = self._results.get(provider_id)
        if kept is None:
            raise RunFailed(f"No result is kept under {provider_id}.")
        return kept[1]

    def cancel(self, provider_id: str) -> None:
        """Nothing runs between two calls, so that there is nothing to end."""

    def reconcile(self, key: UUID, fence: str | None = None, since: datetime | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return (str(key),) if str(key) in self._results else ()

    def close(self, fence: str) -> None:
        """There are no fences."""
