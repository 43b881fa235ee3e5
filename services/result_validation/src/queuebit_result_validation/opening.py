"""Answers that are sealed, opened for the check; verdicts on them, sealed for everybody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.envelope import decode
from queuebit_contracts.events import ExecutionSucceeded, ResultRejected
from queuebit_contracts.sealed import (
    ERASED,
    SEAL,
    WITHHELD,
    DataKey,
    Locked,
    Misplaced,
    Redacted,
    key_id_of,
    opened_execution,
    token_of,
)
from queuebit_runtime.bus.decoding import Item, Received

_MARK = SEAL.encode()
NO_KEYS = "The validator has no keys for sealed data: set QUEUEBIT_MASTER_KEY_FILE and QUEUEBIT_POSTGRES where it runs."


class Keyring(Protocol):
    """Gives the keys of subjects; None for one that is destroyed."""

    async def of_ids(self, key_ids: Collection[UUID]) -> Mapping[UUID, DataKey | None]: ...


def any_sealed(items: Sequence[Item]) -> bool:
    """Whether one of the records may hold something that is sealed: a look at its bytes, without a call for each."""
    for item in items:  # noqa: SIM110 - a generator would be a call for each
        if item.record.value is not None and _MARK in item.record.value:
            return True
    return False


def answer_as_it_came(item: Received) -> str:
    """The fingerprint of the answer as everybody else sees it."""
    data = decode(item.record.headers, item.record.value).data
    assert isinstance(data, ExecutionSucceeded)
    return fingerprint(data.answer)


async def opened_answers(
    items: Sequence[Item], ring: Keyring | None
) -> tuple[list[Item], list[tuple[Received, ResultRejected]]]:
    """The answers as they can be checked, and the verdicts on those that nobody can read any more."""
    sealed = [(item, execution) for item in items if (execution := sealed_execution(item)) is not None]
    ids = {each for _, execution in sealed if (each := _key_id(execution)) is not None}
    keys = await ring.of_ids(ids) if ring is not None and ids else {}
    opened: dict[int, Received] = {}
    refused: list[tuple[Received, ResultRejected]] = []
    for item, execution in sealed:
        assert isinstance(item, Received)
        key = keys.get(_key_id(execution) or UUID(int=0))
        try:
            if key is None:
                raise Redacted
            found = opened_execution(execution, key)
        except Redacted:
            refused.append((item, _refused(execution, NO_KEYS if ring is None else ERASED)))
        except Misplaced as why:
            refused.append((item, _refused(execution, why.detail, why.code)))
        except Locked as why:
            refused.append((item, _refused(execution, why.detail)))
        else:
            opened[id(item)] = item._replace(envelope=item.envelope._replace(data=found))
    done = {id(item) for item, _ in refused}
    return [opened.get(id(item), item) for item in items if id(item) not in done], refused


def sealed_execution(item: Item) -> ExecutionSucceeded | None:
    """The execution of the item, where its problem is sealed."""
    execution = item.envelope.data if isinstance(item, Received) else None
    if not isinstance(execution, ExecutionSucceeded) or execution.problem is None:
        return None
    return execution if token_of(execution.problem.statement) is not None else None


def _key_id(execution: ExecutionSucceeded) -> UUID | None:
    assert execution.problem is not None
    token = token_of(execution.problem.statement)
    try:
        return None if token is None else key_id_of(token)
    except Redacted:
        return None


def _refused(execution: ExecutionSucceeded, why: str, code: str = WITHHELD) -> ResultRejected:
    return ResultRejected(
        attempt_id=execution.attempt_id,
        leg=execution.leg,
        code=code,
        reasons=(why,),
        problem_fingerprint=str(execution.provenance.get("problem_fingerprint", "")),
        answer_fingerprint=fingerprint(execution.answer),
    )
