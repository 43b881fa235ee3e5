"""Exactly one submission for an attempt: intent, submit, record, and a look-up by key where the outcome is in doubt."""

from __future__ import annotations

from uuid import UUID

from queuebit_quantum_adapter.errors import SubmitUnknown
from queuebit_quantum_adapter.ports import Ledger, Provider, Request


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
