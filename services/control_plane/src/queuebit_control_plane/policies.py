"""The active policy: the register of policies read anew as often as plans need it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from queuebit_domain.errors import CorruptStream
from queuebit_domain.policy.codec import fold_policies
from queuebit_domain.policy.default import DEFAULT
from queuebit_domain.policy.register import NO_POLICIES, REGISTER_ID, readable
from queuebit_domain.policy.tables import Policy
from queuebit_runtime.clock import Clock
from queuebit_runtime.service.readiness import Reason
from queuebit_store.ports import StoredEvent, StreamStore

log = logging.getLogger(__name__)

PAGE = 1000
STALE_S = 0.5
"""A policy decides everywhere so long after it was activated, at the latest. Until then either does; each job says which."""
AskPolicy = Callable[[], Awaitable[Policy]]


async def built_in() -> Policy:
    """The policy where nobody has activated another."""
    return DEFAULT


class PolicyKeeper:
    """Asked before every batch of plans. It reads by version, so that no open transaction can hide an activation.

    A policy that this release cannot read is passed over for the one that was active before it, and `unread` names it. Behind
    an event of a newer release the register is not read on: what was active before it goes on.
    """

    def __init__(self, store: StreamStore, clock: Clock, *, stale_s: float = STALE_S) -> None:
        self._store = store
        self._clock = clock
        self._stale_s = stale_s
        self._policies = NO_POLICIES
        self._policy = DEFAULT
        self._wanted = DEFAULT.version
        self._read_at_s = float("-inf")
        self._stopped_at: int | None = None
        self.unread: str | None = None

    async def policy(self) -> Policy:
        """The active policy, at most `stale_s` old. Raises StoreUnavailable."""
        now_s = self._clock.monotonic_s()
        if now_s >= self._read_at_s + self._stale_s:
            await self._read()
            self._read_at_s = now_s
        return self._policy

    async def standing(self) -> Reason | None:
        """Which policy should be active and cannot be read here: jobs are planned all the same."""
        if self.unread is None:
            return None
        detail = (
            f"{self.unread} cannot be read by this release: jobs are planned by {self._policy.version}. Run the release that"
            " wrote it, or go back with `queuebit policy rollback`."
        )
        return Reason("policy_unread", detail, {"policy": self.unread}, warning=True)

    async def _read(self) -> None:
        while stored := await self._store.events_of(REGISTER_ID, after_version=self._policies.version, limit=PAGE):
            if not self._follow(stored) or len(stored) < PAGE:
                break
        if self._policies.active == self._wanted:
            return
        self._wanted = self._policies.active
        self._policy, wrong = readable(self._policies)
        if self._stopped_at is None:
            self.unread = None if wrong is None else f"The policy {self._wanted}"
        if wrong is not None:
            log.error("a policy is passed over: %s", wrong)
        log.info("jobs are planned by the policy %s", self._policy.version)

    def _follow(self, stored: Sequence[StoredEvent]) -> bool:
        """Fold what is new; whether all of it could be read. Another plan may have read on meanwhile."""
        for event in stored:
            if event.version <= self._policies.version:
                continue
            try:
                self._policies = fold_policies([event], self._policies)
            except CorruptStream as error:
                if self._stopped_at != event.version:
                    log.error("the register of policies is not read on: %s", error)
                self._stopped_at = event.version
                self.unread = f"Version {event.version} of the register of policies ({event.type})"
                return False
        return True
