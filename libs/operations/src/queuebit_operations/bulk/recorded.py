"""What an operator does at one stroke: recorded like any bulk operation, with who, why, and how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from queuebit_contracts.operators import OperationFrozen, OperationStarted, OperationStopped
from queuebit_operations.bulk.store import Operations, OperationStore
from queuebit_runtime.clock import Clock


@dataclass(slots=True)
class Deed:
    """What is being done. `outcome`: what is said of it when it has gone well."""

    operation_id: UUID
    outcome: str = ""


@asynccontextmanager
async def recorded(
    store: OperationStore,
    clock: Clock,
    operation_id: UUID,
    verb: str,
    arguments: Mapping[str, object],
    *,
    actor: str,
    reason: str,
    rate_per_s: float | None = None,
    limit: int | None = None,
) -> AsyncIterator[Deed]:
    """Record it before it is done, and its end after. Of one that was killed the end is missing: that says it too."""
    operations = Operations(store, clock)
    given = {name: str(value) for name, value in arguments.items() if value}
    operation = await operations.create(
        operation_id,
        [
            OperationFrozen(verb=verb, arguments=given, targets=0, actor=actor),
            OperationStarted(actor=actor, reason=reason, rate_per_s=rate_per_s, limit=limit),
        ],
    )
    deed = Deed(operation_id)
    try:
        yield deed
    except asyncio.CancelledError:
        await operations.record(
            operation_id, operation, [OperationStopped(how="cancelled", actor=actor, reason="It was interrupted.")]
        )
        raise
    except Exception as error:
        stopped = OperationStopped(how="stopped", actor=actor, reason=str(error)[:500])
        await operations.record(operation_id, operation, [stopped])
        raise
    await operations.record(operation_id, operation, [OperationStopped(how="done", actor=actor, reason=deed.outcome)])
