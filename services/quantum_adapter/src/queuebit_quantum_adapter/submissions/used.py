"""What a submission that has ended used: as its result says, or its provider later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from queuebit_contracts.jobs import Usage
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import AdapterError
from queuebit_quantum_adapter.ports import Provider, Result
from queuebit_quantum_adapter.submissions.codec import decode_result
from queuebit_quantum_adapter.submissions.ledger import OpenLedger
from queuebit_store.attempts.port import Use

COMPLETE = "complete"


@runtime_checkable
class TellsUsage(Protocol):
    """A provider that may say only later what something has used."""

    def usage(self, provider_id: str) -> Mapping[str, Any]:
        """What a submission that has ended was charged for, as the "usage" of a result's record says it: `qpu_s`, as far as it
        is known, and `status`, which is "complete" where that is final. Raises AdapterError.
        """
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which submission that is asked."""

    spec: BackendSpec
    key: UUID
    provider_id: str


@dataclass(frozen=True, slots=True)
class Used:
    """`at_first`: what was known when its result came; `in_all`: what is known now, and is final."""

    at_first: Usage
    in_all: Usage

    def untold(self, *, counted: bool) -> Usage:
        """What nobody has told: all of it, or where an outcome has counted it what was not known then."""
        if not counted:
            return self.in_all
        more_s = self.in_all.qpu_s - self.at_first.qpu_s
        return Usage(qpu_s=more_s) if more_s > 0 else Usage()


async def used(open_ledger: OpenLedger, asked: Asked, opener: Callable[[], Provider]) -> Used | None:
    """None where its provider does not say yet. Raises StoreError.

    The provider is asked where the result did not say it for good, or there is none. One that never says more has said all.
    """
    data = await (await open_ledger()).submission_result(asked.key)
    shots, told = 0, _unknown()
    if data is not None:
        result = decode_result(data)
        shots, told = use_of(result).shots, result.record.get("usage", _unknown())
    at_first = Usage(qpu_s=_seconds(told), shots=shots)
    if told.get("status") == COMPLETE:
        return Used(at_first, at_first)
    try:
        provider = opener()
        if not isinstance(provider, TellsUsage):
            return Used(at_first, at_first)
        later = provider.usage(asked.provider_id)
    except AdapterError:
        return None
    if later.get("status") != COMPLETE:
        return None
    return Used(at_first, Usage(qpu_s=_seconds(later), shots=shots))


def use_of(result: Result) -> Use:
    """What a result says that it used."""
    shots = sum(sum(counts.values()) for counts in result.counts)
    return Use(_seconds(result.record.get("usage", _unknown())), shots)


def _unknown() -> Mapping[str, Any]:
    return {}


def _seconds(told: Mapping[str, Any]) -> float:
    return float(told.get("qpu_s") or 0.0)
