"""What the answers of the API look like: the examples of the OpenAPI document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from queuebit_contracts.backends import (
    BackendCapabilities,
    BackendDrift,
    BackendList,
    BackendRuns,
    BackendView,
    CalibrationSummary,
)
from queuebit_contracts.events import ProblemSize
from queuebit_contracts.jobs import Confidence, Cost, Ran, Usage
from queuebit_gateway.problem_details import ProblemPage, ProblemPages, Refusal
from queuebit_gateway.problem_types import PROBLEMS
from queuebit_gateway.read_model.batches import Batch, BatchLine
from queuebit_gateway.read_model.dry_run import CostForecast, DryRun, Eta
from queuebit_gateway.read_model.figures import BacklogGroup, BacklogView, UsageDay, UsageView
from queuebit_gateway.read_model.kind_models import KindList, KindSummary, KindView
from queuebit_gateway.read_model.models import (
    AttemptTimes,
    AttemptView,
    Explanation,
    JobList,
    JobSummary,
    JobView,
    LegView,
    PlanView,
    TimelineEntry,
)

_JOB = UUID("01890000-0000-7000-8000-000000000001")
_ATTEMPT = UUID("01890000-0000-8000-8000-000000000002")
_AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
_SOON = _AT + timedelta(milliseconds=200)
_RAN = Ran(lane="classical", method="enumeration", backend="queuebit")
_LEG = "primary-classical"
_WHY = "27 nodes or fewer are enumerated"

PROBLEM: dict[str, Any] = {
    "kind": "maxcut",
    "version": 1,
    "statement": {"nodes": 3, "edges": [[0, 1, 1], [1, 2, 1], [0, 2, 1]]},
}
SUBMIT: dict[str, Any] = {"problem": PROBLEM, "lane": "auto", "tier": "interactive", "labels": {"team": "planning"}}
CANCEL: dict[str, Any] = {"reason": "The order was withdrawn."}

TAKEN = JobView(
    id=_JOB,
    tenant="acme",
    state="submitted",
    kind="maxcut",
    tier="interactive",
    lane="auto",
    labels={"team": "planning"},
    created_at=_AT,
    updated_at=_AT,
    version=0,
)
_PLAN_LEG = LegView(
    leg=_LEG,
    role="primary",
    lane="classical",
    state="accepted",
    chosen=True,
    budget_s=2.0,
    attempts_max=2,
    reason=_WHY,
)
ENDED = TAKEN.model_copy(
    update={
        "state": "completed",
        "lane": "classical",
        "updated_at": _SOON,
        "version": 7,
        "answer": {"side": [0, 1, 1]},
        "objective": 2,
        "bound": 2,
        "gap": 0.0,
        "proven_optimal": True,
        "verdict": "accepted",
        "confidence": Confidence(value=1.0),
        "ran": _RAN,
        "elapsed_s": 0.2,
        "reasons": ("proved",),
        "plan": PlanView(name="classical_only", rule="small", policy_version="1", sense="max", legs=(_PLAN_LEG,)),
        "attempts": (
            AttemptView(
                attempt_id=_ATTEMPT,
                leg=_LEG,
                role="primary",
                lane="classical",
                number=1,
                state="accepted",
                queued_at=_AT,
                started_at=_AT,
                finished_at=_SOON,
                objective=2,
                bound=2,
                gap=0.0,
                proven_optimal=True,
                ran=_RAN,
                cost=Cost(),
                usage=Usage(),
            ),
        ),
    }
)
_LINE = JobSummary(
    id=_JOB,
    state="completed",
    kind="maxcut",
    tier="interactive",
    lane="classical",
    created_at=_AT,
    updated_at=_SOON,
    version=7,
)
PAGE = JobList(data=(_LINE,), has_more=False)
SUBMIT_BATCH: dict[str, Any] = {"jobs": [{"idempotency_key": "order-17", "problem": PROBLEM}]}
BATCH = Batch(
    taken=1,
    refused=1,
    data=(
        BatchLine(status=202, replayed=True, job=_LINE),
        BatchLine(status=422, problem=Refusal("deadline_past").body("01890000-0000-7000-8000-000000000000")),
    ),
)
DRY_RUN = DryRun(
    kind="maxcut",
    tier="interactive",
    lane="auto",
    fingerprint="0" * 64,
    size=ProblemSize(variables=3, qubits=3, terms=3),
    plan=PlanView(
        name="classical_only",
        rule="otherwise-classical",
        policy_version="routing/2",
        sense="max",
        legs=(_PLAN_LEG.model_copy(update={"state": "waiting", "chosen": False}),),
        reasons=("No quantum path is worth its cost at this size.",),
        inputs={"variables": 3},
    ),
    eta=Eta(
        expected_s=2.0,
        at_most_s=600.0,
        at_most_at=_AT + timedelta(seconds=600),
        basis=("primary-classical: its budget of 2 s; nothing is known of how long it takes.",),
    ),
    cost=CostForecast(amount="0", currency="USD", detail="No leg of the plan runs where anybody charges for it."),
)
EXPLAINED = Explanation(
    job_id=_JOB,
    state="completed",
    summary="Answered by enumeration on queuebit (classical lane): objective 2, gap 0, proved optimal, verdict accepted.",
    plan="classical_only",
    rule="small",
    policy_version="1",
    reasons=(_WHY, "proved"),
    legs=(_PLAN_LEG,),
    ran=_RAN,
    attempts=(
        AttemptTimes(
            attempt_id=_ATTEMPT, leg=_LEG, number=1, state="accepted", queue_s=0.01, run_s=0.1, validate_s=0.01
        ),
    ),
    timeline=(
        TimelineEntry(
            version=1, at=_AT, since_start_s=0.0, since_previous_s=0.0, event="JobSubmitted", text="Submitted."
        ),
    ),
)
STREAM = (
    "id: 0\nretry: 2000\n\n"
    'event: JobSubmitted\ndata: {"specversion":"1.0","type":"io.queuebit.JobSubmitted.v1"}\nid: 1\n\n'
    ": ping\n\n"
)
TENANT_STREAM = (
    "id: AAEAAAAAAAAC\nretry: 2000\n\n"
    'event: JobCompleted\ndata: {"specversion":"1.0","type":"io.queuebit.JobCompleted.v1"}\nid: AAEAAAAAAAAD\n\n'
    ": ping\nid: AAEAAAAAAAAE\n\n"
)
KINDS = KindList(
    data=(
        KindSummary(
            name="maxcut", version=1, title="Maximum cut", sense="max", formats=("dimacs",), url="/v1/kinds/maxcut"
        ),
    )
)
KIND = KindView(
    name="maxcut",
    version=1,
    title="Maximum cut",
    sense="max",
    formats=("dimacs",),
    answer_shape="side: the side of each node, 0 or 1",
    params={},
    statement_schema={"type": "object"},
    example=PROBLEM,
)
USED = UsageView(
    days=(
        UsageDay(
            day=_AT.date(),
            jobs={"submitted": 3, "completed": 2},
            executions={"succeeded": 2},
            shots=2000,
            cost={"USD": "0.30"},
            lane_s={"classical": "0.012", "quantum": "1.5"},
        ),
    ),
    behind_s=0.0,
)
ON_ITS_WAY = BacklogView(
    open=1,
    groups=(BacklogGroup(state="running", lane="quantum", tier="batch", jobs=1, there_since=_SOON, submitted_at=_AT),),
    behind_s=0.0,
)
BACKEND = BackendView(
    name="ibm_brisbane",
    lane="quantum",
    state="available",
    reported_at=_AT,
    report_age_s=12.0,
    provider="qiskit-ibm-runtime 0.51.0",
    qubits_max=127,
    queue_length=7,
    calibrated_at=_AT - timedelta(hours=3),
    calibration_age_s=10_812.0,
    capabilities=BackendCapabilities(
        shots_max=100_000, circuits_max=256, noise="ibm_brisbane", exact=False, estimates=True, repeats=False,
        annealer=False, recovery="fence", lag_s=330.0,
    ),
    calibration=CalibrationSummary(
        qubits=127, couplings=144, working=0.99, two_qubit_error=0.0076, readout_error=0.013, t1_s=2.2e-4, t2_s=1.4e-4
    ),
    runs=BackendRuns(
        count=64, total=310, failed=4, wait_s_median=1800.0, wait_s_p90=5400.0, turnaround_s_median=1812.5, last_at=_AT
    ),
    drift=BackendDrift(
        probes=120, last_at=_AT, survival=0.862, usual=0.871, statistic=1.4, limit=5.0, drifted=False,
        since=_AT - timedelta(hours=2),
    ),
)  # fmt: skip
BACKENDS = BackendList(data=(BACKEND,))
ERROR_PAGE = ProblemPage.of(PROBLEMS["rate_limited"])
ERROR_PAGES = ProblemPages(data=(ERROR_PAGE,))
