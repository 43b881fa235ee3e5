"""What is shared about a provider by all who ask it: whether it answers, and how much of an account is in use.

A breaker stands between us and each backend. So many questions in a row without an answer open it: nothing is asked any more,
until its time is over and one single question goes through. An answer closes it; none opens it for twice as long.
A place of an account is taken before something is sent, at most so many at a time and so many a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Breaker:
    """`failures_max` questions in a row without an answer open it, for `open_s` at first, for `open_s_max` at most. A probe
    that has not ended after `probe_s` is one without an answer. Each `hang_s` that a question hung weighs as much as one.
    """

    failures_max: int = 4
    open_s: float = 10.0
    open_s_max: float = 300.0
    probe_s: float = 60.0
    hang_s: float = 3.0

    def weight(self, silent_s: float) -> int:
        """How much a question weighs that had no answer for so long: never so much that one alone opens it."""
        return min(max(1, ceil(silent_s / self.hang_s)), max(1, self.failures_max - 1))


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of an account may be in use: `at_once` submissions, and `per_minute` new ones; 0 for no limit."""

    at_once: int = 0
    per_minute: int = 0


USUAL = Breaker()
NO_LIMIT = Allowance()


@dataclass(frozen=True, slots=True)
class Gate:
    """How a backend has answered. `open_until`: until when it is not asked, None where it may be."""

    backend: str
    failures: int = 0
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """How much of an account is in use: who holds a place, and until when nobody gets one, None where one may."""

    account: str
    holders: tuple[UUID, ...] = ()
    closed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """What somebody stopped at once. `backends`: those that nothing is sent to, `*` for every one; `holds`: what it holds back;
    `lineages`: legs of jobs whose attempts were out when it was thrown.
    """

    number: int
    mode: str
    scope: str
    value: str
    backends: tuple[str, ...]
    holds: tuple[int, ...]
    lineages: tuple[UUID, ...]
    actor: str
    reason: str
    thrown_at: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None


class KillSwitches(Protocol):
    """Every method raises StoreUnavailable where the store does not answer: a write may then have taken effect."""

    async def throw_switch(
        self,
        mode: str,
        scope: str,
        value: str,
        *,
        backends: Sequence[str],
        holds: Sequence[int],
        actor: str,
        reason: str,
    ) -> int:
        """From now on nothing more is sent to those backends; the number of the switch."""
        ...

    async def note_out(self, number: int, lineages: Sequence[UUID]) -> None:
        """What was out when it was thrown."""
        ...

    async def lift_switch(self, number: int, *, actor: str) -> bool:
        """Things may be sent again; whether it was thrown."""
        ...

    async def switches(self, *, limit: int = 1000) -> list[KillSwitch]:
        """All that were ever thrown, the youngest first."""
        ...

    async def killed(self, backend: str, lineage: UUID | None = None) -> int | None:
        """The switch that stops what would be sent to a backend now, for a leg; None where there is none. One that names no
        backend (a tenant, say) stops the legs that were out when it was thrown; the others are held before they get here.
        """
        ...


class Gates(Protocol):
    """Every method raises StoreUnavailable where the store does not answer: a write may then have taken effect."""

    async def gate(self, backend: str) -> Gate:
        """How it has answered; as one that always has where nothing is known."""
        ...

    async def pass_gate(self, backend: str, probe_s: float) -> datetime | None:
        """None where it may be asked: the breaker is closed, or this is the question that tries. Else when to look again."""
        ...

    async def note_answer(self, backend: str) -> None:
        """It has answered: the breaker is closed."""
        ...

    async def note_silence(self, backend: str, breaker: Breaker, weight: int = 1) -> Gate:
        """It has not answered once more, or for so long that this weighs as much as several; how it stands now. The weight
        counts until the breaker opens: of one that is open each silence more is one more.
        """
        ...

    async def take_place(self, account: str, key: UUID, allowance: Allowance) -> bool:
        """Whether there is a place of the account for a submission. Who has one has it until the submission has ended."""
        ...

    async def list_gates(self) -> list[Gate]:
        """Those of the backends that did not answer when they were last asked, by name."""
        ...

    async def list_accounts(self) -> list[Account]:
        """All of which something is known, by name. A holder that has ended gives its place back when the next one asks."""
        ...

    async def close_account(self, account: str, seconds: float) -> None:
        """Nobody gets a place for so long: the provider has said so."""
        ...
