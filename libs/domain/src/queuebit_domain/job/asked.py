"""What routing weighs of an admitted question: the same for the control plane, which decides, and for who asks beforehand."""

from __future__ import annotations

from queuebit_contracts.events import Admission
from queuebit_contracts.jobs import JobRequest
from queuebit_domain.job.routing import REFINE_PARAM, alone_of, budget_s_of, wish_of
from queuebit_domain.policy.facts import Facts


def inputs_of(request: JobRequest, found: Admission, *, quantum_available: bool, simulator_available: bool) -> Facts:
    """The facts of a question; `found` is what its admission measured, the flags are what the adapters reported."""
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
        quantum_available=quantum_available,
        simulator_available=simulator_available,
    )
