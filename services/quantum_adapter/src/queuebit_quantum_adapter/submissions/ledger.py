"""Exactly one submission for an attempt: intent, submit, record, and a look-up by key where the outcome is in doubt. What is
stopped meanwhile is cancelled at the provider.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from queuebit_quantum_adapter.errors import RunFailed, Stopped, SubmitUnknown
from queuebit_quantum_adapter.ports import Ledger, Provider, Request, SubmissionState

POLL_INTERVAL_S = 0.2


def submit_once(provider: Provider, ledger: Ledger, request: Request, key: UUID) -> str:
    """The provider's id of the one submission under `key`, whether it is sent now or was sent before.

    Raises SubmitUnknown where it was sent and cannot be found yet: the attempt is retried later and looks it up first.
    """
    entry = ledger.intend(key, provider.capabilities().backend)
    if entry.provider_id is not None:
        return entry.provider_id
    provider_id = None if entry.fresh else provider.reconcile(key)
    if provider_id is None:
        try:
            provider_id = provider.submit(request, key)
        except SubmitUnknown:
            provider_id = provider.reconcile(key)
            if provider_id is None:
                raise
    ledger.record(key, provider_id)
    return provider_id


def run_to_end(provider: Provider, ledger: Ledger, request: Request, key: UUID, pause: Callable[[], None]) -> str:
    """Hand in the request once and wait, with `pause` between two looks, until it has succeeded; its id at the provider.

    Raises RunFailed where it ended otherwise, and what `submit_once` raises. On Stopped the provider is told to cancel it.
    """
    provider_id = None
    try:
        provider_id = submit_once(provider, ledger, request, key)
        while not (state := provider.poll(provider_id)).final:
            pause()
    except Stopped:
        provider_id = provider_id or provider.reconcile(key)
        if provider_id is not None:
            provider.cancel(provider_id)
        raise
    if state is not SubmissionState.SUCCEEDED:
        raise RunFailed(f"The submission {provider_id} ended as {state.value}.")
    return provider_id
