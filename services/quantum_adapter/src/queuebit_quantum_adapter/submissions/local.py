"""Requests at providers that nothing outlives: handed in, waited for, cancelled where nobody wants them any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from queuebit_quantum_adapter.errors import RunFailed, Stopped
from queuebit_quantum_adapter.ports import Provider, Request, Result, RunState

POLL_INTERVAL_S = 0.2


class Here:
    """Hands requests in at a provider of this process: nothing is paid, so nothing needs to be remembered."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep

    def __call__(self, provider: Provider, request: Request, attempt_id: UUID, number: int, key: UUID) -> Result:  # noqa: ARG002
        return run_to_end(provider, request, key, lambda: self._sleep(POLL_INTERVAL_S))


def run_to_end(provider: Provider, request: Request, key: UUID, pause: Callable[[], None]) -> Result:
    """Hand in the request and wait, with `pause` between two looks, until it has succeeded; what it gave.

    Raises RunFailed where it ended otherwise, and what the provider raises. On Stopped the provider is told to cancel it.
    """
    provider_id = None
    try:
        provider_id = provider.submit(request, key, provider.fence(key))
        while not (state := provider.poll(provider_id).state).final:
            pause()
    except Stopped:
        for each in (provider_id,) if provider_id is not None else provider.reconcile(key, None):
            provider.cancel(each)
        raise
    if state is not RunState.SUCCEEDED:
        raise RunFailed(f"The submission {provider_id} ended as {state.value}.")
    return provider.result(provider_id)
