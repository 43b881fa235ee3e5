"""Policies under which some of the runs happen: legs that go on after the end, advisors, rounds, ensembles, guards, a switch in
the middle of everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from queuebit_contracts import events as ev
from queuebit_contracts.policy import PolicyDocument
from queuebit_domain.job.codec import read_event
from queuebit_domain.policy.default import DEFAULT_DOCUMENT
from queuebit_domain.policy.register import plain
from queuebit_operations.policies.register import PolicyRegister
from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.ports import StoredEvent
from tests.simulation.virtual import VirtualClock

SHARE = 0.2
"""So many of the seeds."""
OF_LEGS = frozenset({"JobQueued", "JobHeld", "JobStarted", "ExecutionProgressed", "ExecutionSucceeded", "ExecutionFailed",
                     "ResultValidated", "ResultRejected", "AttemptAbandoned", "JobImproved", "JobInvalidated"})  # fmt: skip
"""What may follow the end of a job whose plan has legs that go on."""

_RULE = {"role": "primary", "lane": "rule"}
_CLASSICAL = {"role": "primary", "lane": "classical"}
_LATER = {**_CLASSICAL, "role": "fallback", "starts": "when_needed"}
_PLANS = {
    "enrich": [_RULE, {"role": "baseline", "lane": "classical", "after_end": "improve"}],
    "advised": [_CLASSICAL, {"role": "shadow", "lane": "classical", "advises": True, "copies": 2}],
    "measured": [_CLASSICAL, {"role": "shadow", "lane": "rule", "after_end": "measure"}],
    "loop": [{**_RULE, "rounds": {"most": 3}, "stages": {"queue_s": 0.2}}, _LATER],
    "ensemble": [{**_CLASSICAL, "copies": 3}, {**_RULE, "role": "fallback", "starts": "when_needed"}],
}  # fmt: skip
_STEP = 10_000 // (len(_PLANS) + 1)


def drawn(seed: int) -> tuple[PolicyDocument, float] | None:
    """The policy of a run, and when it is rolled back; None for most runs."""
    random = Random(f"policy {seed}")
    if random.random() >= SHARE:
        return None
    release = plain(DEFAULT_DOCUMENT)
    plans = {name: {"plan": name, "legs": legs} for name, legs in _PLANS.items()}
    rows = [
        {
            "id": f"by-{name}",
            "use": name,
            "reason": "Bucket {bucket}.",
            "propensity": _STEP / 10_000,
            "when": {
                "bucket": {"ge": place * _STEP, "lt": (place + 1) * _STEP},
                "family": "optimisation",
                "alone": False,
            },
        }
        for place, name in enumerate(plans)
    ]
    document = {
        "policy": "drawn",
        "salt": str(seed),
        "plans": {**plans, **release["plans"]},
        "guards": [{"id": "batch", "when": {"tier": "batch"}, "deny": ["simulator"], "reason": "Not for {tier}."}],
        "routing": [*rows, *release["routing"]],
        "experiments": [
            {
                "id": "trial",
                "when": {"shadow_bucket": {"lt": 2000}, "family": "optimisation"},
                "add": {"role": "shadow", "lane": "rule"},
                "reason": "One in five.",
            }
        ],
        "approvals": [
            {
                "id": "asked",
                "when": {"audit_bucket": {"lt": 500}},
                "role": "nobody",
                "expires_s": 2.0,
                "on_expiry": "classical_only",
                "reason": "One in twenty.",
            }
        ],
        "thresholds": {"any": {"min_gain_ppm": 1, "min_confidence": 0.05}},
    }
    return PolicyDocument.model_validate(document), random.uniform(0.5, 20.0)


class Policies:
    """Activates the policy of a run, and rolls it back."""

    def __init__(self, seed: int, database: MemoryDatabase, clock: VirtualClock) -> None:
        self._drawn = drawn(seed)
        self._clock = clock
        self._register = PolicyRegister(MemoryStore(database), clock)

    async def activate(self) -> None:
        """Before anybody asks anything."""
        if self._drawn is not None:
            version, _ = await self._register.publish(self._drawn[0], actor="ada", reason="a trial")
            await self._register.activate(version, actor="ada", reason="a trial")

    async def roll_back(self) -> None:
        """In the middle of everything."""
        if self._drawn is not None:
            await self._clock.sleep(self._drawn[1])
            await self._register.roll_back(actor="ada", reason="it was one")


OF_SAGAS = ("CompensationRequested", "SupersessionRequested", "JobSuperseded")


def beyond_the_end(stored: Iterable[StoredEvent]) -> set[str]:
    """The types that may follow the end of a job: more where its plan has legs that go on."""
    planned = next((event for event in map(read_event, stored) if isinstance(event, ev.JobPlanned)), None)
    goes_on = planned is not None and any(leg.after_end is not None for leg in planned.legs)
    return {"LateUsageReported", *OF_SAGAS, *(OF_LEGS if goes_on else ("JobInvalidated",))}
