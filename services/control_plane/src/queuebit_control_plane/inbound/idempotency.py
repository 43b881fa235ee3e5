"""Idempotency keys held in the store, so that one that cannot be held stops nobody else."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from queuebit_contracts.events import JobRejected
from queuebit_store.errors import StoreError
from queuebit_store.ports import Reservation, StreamStore

log = logging.getLogger(__name__)


async def reserve_each(store: StreamStore, wanted: Sequence[Reservation]) -> list[Reservation | StoreError]:
    """What holds each key now, in order, or why the store does not hold it.

    One statement for all; where the store refuses it for what may be one of them, one by one, to find which. Raises what is
    transient, such as StoreUnavailable, and what the store says of every batch alike.
    """
    try:
        return [*await store.reserve(wanted)]
    except StoreError as error:
        if error.transient or not error.of_one:
            raise
        if len(wanted) == 1:
            return [error]
    return [(await reserve_each(store, [each]))[0] for each in wanted]


def unheld(cause_id: UUID, tenant: str, error: StoreError) -> JobRejected:
    """The refusal of a submission whose key the store does not hold. What the store said of it is for the log alone."""
    log.error(
        "an idempotency key cannot be held: %s", error.detail, extra={"tenant": tenant, "message_id": str(cause_id)}
    )
    return JobRejected(
        code="idempotency_key_invalid",
        field="/idempotency_key",
        detail="The idempotency key cannot be stored.",
        remedy="Send another key, best a UUIDv7, or none: the id of the event is the key then.",
        cause_id=cause_id,
    )
