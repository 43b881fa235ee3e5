"""The register of policies as operators change it: read, decide, append, and once more where somebody else was quicker.

It stands in PostgreSQL alone: a policy is activated with Kafka down, and with no service running.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from queuebit_contracts.policy import PolicyDocument, PolicyEvent
from queuebit_domain.policy.codec import fold_policies
from queuebit_domain.policy.register import (
    CATEGORY,
    HEAD_STATE,
    NO_POLICIES,
    OPERATOR,
    REGISTER_ID,
    Policies,
    activate,
    publish,
    roll_back,
)
from queuebit_operations.errors import InConflict, NotThere
from queuebit_runtime.clock import Clock
from queuebit_store.log.new_events import new_events
from queuebit_store.ports import Append, EventLog, Head

TRIES_MAX = 10
PAGE = 1000


class Store(EventLog, Protocol):
    """What the register needs of the store."""


class PolicyRegister:
    """Which policies there are, and which is active. Every change names its actor and its reason."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def policies(self) -> Policies:
        """What there is now."""
        policies = NO_POLICIES
        while stored := await self._store.events_of(REGISTER_ID, after_version=policies.version, limit=PAGE):
            policies = fold_policies(stored, policies)
            if len(stored) < PAGE:
                break
        return policies

    async def publish(self, document: PolicyDocument, *, actor: str, reason: str) -> tuple[str, bool]:
        """The version under which the document is published, and whether that is new. Raises InvalidPolicy."""
        found, changed = await self._change(lambda known: publish(known, document, actor=actor, reason=reason))
        newest = found.newest(document.policy)
        assert newest is not None
        return newest.version, changed

    async def activate(self, version: str, *, actor: str, reason: str) -> bool:
        """Let jobs be planned by a version; whether that changed anything. Raises NotThere and InvalidPolicy."""

        def decide(known: Policies) -> Sequence[PolicyEvent]:
            if not known.exists(version):
                raise NotThere(f"There is no policy {version}.", remedy="See: queuebit policy list")
            return activate(known, version, actor=actor, reason=reason)

        return (await self._change(decide))[1]

    async def roll_back(self, *, actor: str, reason: str) -> tuple[str, str]:
        """Go back to what was active before: that version, and the one that was active. Raises InConflict."""
        before = ""

        def decide(known: Policies) -> Sequence[PolicyEvent]:
            nonlocal before
            before = known.active
            return roll_back(known, actor=actor, reason=reason)

        found, changed = await self._change(decide)
        if not changed:
            raise InConflict("Nothing was active before.", remedy="See: queuebit policy list")
        return found.active, before

    async def _change(self, decide: Callable[[Policies], Sequence[PolicyEvent]]) -> tuple[Policies, bool]:
        for _ in range(TRIES_MAX):
            policies = await self.policies()
            events = decide(policies)
            if not events:
                return policies, False
            new = new_events(REGISTER_ID, policies.version, events, self._clock.now())
            append = Append(REGISTER_ID, OPERATOR, policies.version, new, Head(HEAD_STATE), category=CATEGORY)
            if (await self._store.append([append]))[0]:
                return await self.policies(), True
        raise InConflict("Others keep changing policies.", remedy="Try again.")
