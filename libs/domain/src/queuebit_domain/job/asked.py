"""What routing weighs of an admitted question: the same for the control plane, which decides, and for who asks beforehand."""

from __future__ import annotations

from datetime import datetime

from queuebit_contracts.events import Admission
from queuebit_contracts.jobs import JobRequest, Tier
from queuebit_contracts.money import ENVIRONMENT_LABEL, REHEARSALS
from queuebit_domain.job.limits import Limits
from queuebit_domain.job.routing import REFINE_PARAM, alone_of, budget_s_of, wish_of
from queuebit_domain.policy.facts import SALTED, Facts, FactValue, bucket_of
from queuebit_domain.policy.tables import Policy


def inputs_of(
    request: JobRequest,
    found: Admission,
    *,
    quantum_available: bool,
    simulator_available: bool,
    quantum_barred: bool = False,
) -> Facts:
    """The facts of a question; `found` is what its admission measured, the flags are what the adapters reported of backends
    that may be given it. `quantum_barred`: there are some, and its regions allow none. For jobs of environments that are
    rehearsals there is no quantum hardware.
    """
    return Facts(
        kind=request.problem.kind,
        family=found.family,
        sense=found.sense,
        wish=wish_of(request.lane, request.params),
        tier=request.tier,
        variables=found.size.variables,
        qubits=found.size.qubits,
        terms=found.size.terms,
        budget_s=budget_s_of(request.budget_s, request.tier),
        refine=request.params.get(REFINE_PARAM) is True,
        alone=alone_of(request.params),
        quantum_available=quantum_available
        and not (request.labels and request.labels.get(ENVIRONMENT_LABEL) in REHEARSALS),
        simulator_available=simulator_available,
        quantum_barred=quantum_barred or None,
    )


def requested(
    policy: Policy,
    *,
    tenant: str,
    tier: Tier,
    deadline: datetime | None,
    latency_budget_s: float | None,
    problem_fingerprint: str,
    now: datetime,
) -> dict[str, FactValue]:
    """What a policy asks beyond what is known of every job, and the request says."""
    limits = Limits.of(tier)
    told: dict[str, FactValue] = {
        "tenant": tenant,
        "time_left_s": (deadline - now).total_seconds() if deadline else limits.deadline_s,
        "latency_budget_s": latency_budget_s or limits.latency_budget_s,
        "hour_utc": now.hour,
        "weekday_utc": now.weekday(),
    }
    for name, salt in SALTED.items():
        if name in policy.reads:
            told[name] = bucket_of(f"{salt}{policy.salt}", tenant, problem_fingerprint)
    return {name: value for name, value in told.items() if name in policy.reads}
