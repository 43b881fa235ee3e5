"""Orders whose problem is sealed, opened for who works on them; those whose data was erased are answered at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from queuebit_contracts.events import ExecutionFailed, JobQueued
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.sealed import (
    SEAL,
    SEALED_TEXT,
    WITHHELD,
    DataKey,
    Locked,
    Misplaced,
    Redacted,
    key_id_of,
    opened_order,
    token_of,
)
from queuebit_contracts.statement_text import StatementText
from queuebit_runtime.bus.decoding import Item, Received
from queuebit_runtime.worker.reports import failed

NO_KEYS = "The data of this job is sealed, and this worker has no keys."
NO_KEYS_REMEDY = (
    "Set QUEUEBIT_MASTER_KEY_FILE, and QUEUEBIT_POSTGRES for the keys that it wraps, where the worker runs."
)


class Keyring(Protocol):
    """Gives the keys of subjects."""

    async def of_ids(self, key_ids: Collection[UUID]) -> Mapping[UUID, DataKey | None]:
        """None for a key that is destroyed, or that nobody knows. Raises StoreError where it cannot be asked."""
        ...


def any_sealed(items: Sequence[Item]) -> bool:
    """Whether one of the orders is sealed. Asked of every batch, so that it looks without calling."""
    for item in items:
        statement = item.envelope.data.problem.statement  # type: ignore[union-attr]
        if SEAL in statement or (statement.__class__ is StatementText and statement.text.startswith(SEALED_TEXT)):
            return True
    return False


async def opened_orders(
    items: Sequence[Item], ring: Keyring | None
) -> tuple[list[Received], list[tuple[Received, ExecutionFailed]]]:
    """The orders as they can be worked on, and what is to be said of the others."""
    tokens = {id(item): _token(item) for item in items}
    wanted = {each for token in tokens.values() if token is not None and (each := _named(token)) is not None}
    keys = await ring.of_ids(wanted) if ring is not None and wanted else {}
    open_now: list[Received] = []
    refused: list[tuple[Received, ExecutionFailed]] = []
    for item in items:
        assert isinstance(item, Received)
        order, token = item.envelope.data, tokens[id(item)]
        assert isinstance(order, JobQueued)
        if token is None:
            open_now.append(item)
            continue
        key = keys.get(_named(token) or UUID(int=0))
        try:
            if key is None:
                raise Redacted
            found = opened_order(order, key)
        except Redacted as gone:
            refused.append((item, _no_keys(order) if ring is None else _erased(order, gone)))
        except Misplaced as why:
            refused.append((item, _misplaced(order, why)))
        except Locked as why:
            refused.append((item, _locked(order, why)))
        else:
            open_now.append(item._replace(envelope=item.envelope._replace(data=found)))
    return open_now, refused


def _token(item: Item) -> str | None:
    order = item.envelope.data if isinstance(item, Received) else None
    return token_of(order.problem.statement) if isinstance(order, JobQueued) else None


def _named(token: str) -> UUID | None:
    try:
        return key_id_of(token)
    except Redacted:
        return None


def _erased(order: JobQueued, gone: Redacted) -> ExecutionFailed:
    return failed(order, FailureCode.PROBLEM_INVALID, gone.detail, remedy=gone.remedy, reason=WITHHELD)


def _misplaced(order: JobQueued, why: Misplaced) -> ExecutionFailed:
    return failed(order, FailureCode.PROBLEM_INVALID, why.detail, remedy=why.remedy, reason=why.code)


def _locked(order: JobQueued, why: Locked) -> ExecutionFailed:
    """Another worker may have the master key, and this one soon: it is tried again."""
    return failed(order, FailureCode.BACKEND_UNAVAILABLE, why.detail, remedy=why.remedy, reason=why.code)


def _no_keys(order: JobQueued) -> ExecutionFailed:
    return failed(order, FailureCode.PROBLEM_UNSUPPORTED, NO_KEYS, remedy=NO_KEYS_REMEDY)
