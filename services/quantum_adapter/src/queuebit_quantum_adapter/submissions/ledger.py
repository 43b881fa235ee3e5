"""Exactly one submission for an attempt: intent, submit, record, and a look-up by key where the outcome is in doubt. What is
stopped meanwhile is cancelled at the provider.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from queuebit_quantum_adapter.errors import AdapterError, RunFailed, Stopped, SubmitUnknown
from queuebit_quantum_adapter.ports import Ledger, Provider, Recovery, Request, RunState

POLL_INTERVAL_S = 0.2


def submit_once(provider: Provider, ledger: Ledger, request: Request, key: UUID) -> str:
    """The provider's id of the one submission under `key`, whether it is sent now or was sent before.

    Raises SubmitUnknown where it was sent and cannot be found yet: the attempt is retried later and looks it up first.
    """
    entry = ledger.intend(key, provider.capabilities().backend)
    if entry.provider_id is not None:
        return entry.provider_id
    fence = provider.fence(key)
    known = () if entry.fresh else provider.reconcile(key, fence)
    provider_id = known[0] if known else _sent(provider, request, key, fence)
    ledger.record(key, provider_id)
    return provider_id


def _sent(provider: Provider, request: Request, key: UUID, fence: str | None) -> str:
    try:
        return provider.submit(request, key, fence)
    except Exception as error:
        nothing_is_left = provider.capabilities().recovery is Recovery.NONE
        if isinstance(error, AdapterError) and (error.unsent or nothing_is_left):
            raise
        found = provider.reconcile(key, fence)
        if not found:
            raise SubmitUnknown from error
        return found[0]


def run_to_end(provider: Provider, ledger: Ledger, request: Request, key: UUID, pause: Callable[[], None]) -> str:
    """Hand in the request once and wait, with `pause` between two looks, until it has succeeded; its id at the provider.

    Raises RunFailed where it ended otherwise, and what `submit_once` raises. On Stopped the provider is told to cancel it.
    """
    provider_id = None
    try:
        provider_id = submit_once(provider, ledger, request, key)
        while not (state := provider.poll(provider_id).state).final:
            pause()
    except Stopped:
        for each in (provider_id,) if provider_id is not None else provider.reconcile(key, None):
            provider.cancel(each)
        raise
    if state is not RunState.SUCCEEDED:
        raise RunFailed(f"The submission {provider_id} ended as {state.value}.")
    return provider_id
