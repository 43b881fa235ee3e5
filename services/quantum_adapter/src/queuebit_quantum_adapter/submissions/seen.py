"""What is seen of a submission: at its provider, or of who sent it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from queuebit_contracts.failures import FailureAction, FailureCode
from queuebit_quantum_adapter.ports import Poll


@dataclass(frozen=True, slots=True)
class FenceOpened:
    fence: str


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider has it, and says so."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Why:
    """What a failure asks of the plan, the provider's own code for it, and what a person can do; as far as that is known."""

    action: FailureAction | None = None
    reason: str | None = None
    remedy: str = ""


NO_WHY = Why()


@dataclass(frozen=True, slots=True)
class Refused:
    """It was not taken: said by the provider, or by us before it was sent."""

    code: FailureCode
    words: str
    transient: bool
    retry_after_s: float | None = None
    why: Why = NO_WHY


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something was raised after it was sent, or its sender is gone."""

    words: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The provider did not answer a question, or not in words that are understood: nothing is known that was not before."""

    words: str
    retry_after_s: float | None = None
    unreadable: bool = False
    """It did answer, so that others may well understand what it tells them."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The backend has not answered others so often that it is not asked before that moment."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Killed:
    """An operator has thrown a kill switch: nothing more is sent to the backend while it stands."""

    number: int


@dataclass(frozen=True, slots=True)
class Full:
    """There is no place left of the account now."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the provider has under the key, the oldest first."""

    provider_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """Its result is here."""


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Nobody wants it, and nothing was sent."""


Observation = (
    FenceOpened | Taken | Refused | Doubt | NoAnswer | Unreachable | Full | Killed | Found | Fetched | Unwanted | Poll
)
