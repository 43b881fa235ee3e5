"""The policy by which the control plane plans jobs now."""

from __future__ import annotations

from queuebit_domain.errors import CorruptStream
from queuebit_domain.policy.codec import fold_policies
from queuebit_domain.policy.register import NO_POLICIES, REGISTER_ID, readable
from queuebit_domain.policy.tables import Policy
from queuebit_store.ports import EventLog

PAGE = 1000


async def active_policy(store: EventLog) -> Policy:
    """The active one, or where this release cannot read it the one before; behind an event that it cannot read the register is
    not read on. That is what the control plane does, so that both plan alike. Raises StoreUnavailable.
    """
    policies = NO_POLICIES
    while stored := await store.events_of(REGISTER_ID, after_version=policies.version, limit=PAGE):
        for event in stored:
            try:
                policies = fold_policies([event], policies)
            except CorruptStream:
                return readable(policies)[0]
        if len(stored) < PAGE:
            break
    return readable(policies)[0]
