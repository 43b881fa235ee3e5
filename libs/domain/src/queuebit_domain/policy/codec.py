"""Stored events of the register of policies, read back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from queuebit_contracts.errors import ContractError
from queuebit_contracts.policy import PolicyEvent
from queuebit_contracts.registry import REGISTRY
from queuebit_domain.errors import CorruptStream
from queuebit_domain.policy.register import NO_POLICIES, REGISTER_ID, Policies, evolve_policies
from queuebit_domain.stored import Stored


def fold_policies(stored: Iterable[Stored], policies: Policies = NO_POLICIES) -> Policies:
    """The register after more of its events. Raises CorruptStream where versions have a gap, or one cannot be read here."""
    for event in stored:
        if event.version != policies.version + 1:
            raise CorruptStream(f"the register {REGISTER_ID} has version {event.version} after {policies.version}")
        try:
            data = REGISTRY.read_stored(event.type, event.schema_version, event.data)
        except ContractError as error:
            raise CorruptStream(f"version {event.version} of the register {REGISTER_ID}: {error}") from None
        policies = evolve_policies(policies, cast(PolicyEvent, data), event.time)
    return policies
