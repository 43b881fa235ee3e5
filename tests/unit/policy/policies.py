"""Small policies for tests: each builder takes only what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from queuebit_contracts.policy import PolicyDocument, PolicyEvent
from queuebit_domain.policy.compiling import compiled
from queuebit_domain.policy.facts import Facts
from queuebit_domain.policy.register import NO_POLICIES, Policies, evolve_policies, publish
from queuebit_domain.policy.tables import Policy
from tests.builders import NOW

CLASSICAL: dict[str, Any] = {"plan": "classical_only", "legs": [{"role": "primary", "lane": "classical"}]}
QUANTUM: dict[str, Any] = {
    "plan": "quantum_with_baseline",
    "legs": [{"role": "primary", "lane": "quantum"}, {"role": "baseline", "lane": "classical"}],
}


def row(name: str, use: str = "classical", **when: Any) -> dict[str, Any]:
    return {"id": name, "use": use, "reason": f"It is {name}.", "when": when}


def guard(name: str, *deny: str, **when: Any) -> dict[str, Any]:
    return {"id": name, "deny": deny or ("quantum",), "reason": f"Guard {name}.", "when": when}


def measured(name: str, lane: str = "quantum", **when: Any) -> dict[str, Any]:
    return {"id": name, "add": {"role": "shadow", "lane": lane}, "reason": f"Trial {name}.", "when": when}


LAST = row("otherwise")


def a_document(*routing: dict[str, Any], **changes: Any) -> PolicyDocument:
    """A policy that ends with a row for the rest."""
    told = {
        "policy": "frugal",
        "plans": {"classical": CLASSICAL, "quantum": QUANTUM},
        "routing": [*routing, LAST],
        **changes,
    }
    return PolicyDocument.model_validate(told)


def a_policy(*routing: dict[str, Any], **changes: Any) -> Policy:
    return compiled(a_document(*routing, **changes), "frugal/1", "d" * 64)


def facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {
        "kind": "maxcut",
        "sense": "max",
        "wish": "auto",
        "tier": "interactive",
        "variables": 6,
        "qubits": 6,
        "terms": 6,
        "budget_s": 10.0,
        "quantum_available": True,
        "simulator_available": True,
        **changes,
    }
    return Facts(**values)


WHY = {"actor": "ada", "reason": "a trial"}


def after(policies: Policies, events: Sequence[PolicyEvent]) -> Policies:
    for event in events:
        policies = evolve_policies(policies, event, NOW)
    return policies


def published(*documents: object) -> Policies:
    policies = NO_POLICIES
    for document in documents:
        policies = after(policies, publish(policies, document, **WHY))  # type: ignore[arg-type]
    return policies


ONE = a_document(row("one", tier="batch"))
