"""Jobs with a whole story, appended as a control plane would: by their statement and answer, or by how many events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.compensations import Compensation
from queuebit_contracts.envelope import encode_data
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.ids import attempt_id_of, derive_id
from queuebit_contracts.jobs import Confidence, ConfidencePart, JobRequest, Leg, Problem, Ran, Usage
from queuebit_contracts.outcomes import Brought
from queuebit_contracts.policy import Approval
from queuebit_store.ports import Append, Head, NewEvent
from tests.contract.http.running_gateway import RunningGateway

LEG = "primary-classical"
SPARE = "fallback-rule"
RAN = Ran(lane="classical", method="enumeration", backend="test")
PAGE = 500


async def begun(
    world: RunningGateway,
    kind: str = "tsp",
    statement: dict[str, Any] | None = None,
    progress: int = 0,
    **more: Any,
) -> UUID:
    """A job that runs, with so many reports of progress. `more`: what its question says besides."""
    clock = world.clock
    job_id = world.parts.ids.mint()
    problem = Problem(kind=kind, statement=statement or {"metric": "EUC_2D", "coordinates": [[0, 0], [3, 4], [3, 0]]})
    request = JobRequest(tenant="acme", problem=problem, lane="classical", labels={"team": "planning"})
    attempt = attempt_id_of(job_id, LEG, 1)
    story: list[Any] = [
        ev.JobSubmitted(request=request, idempotency_key=str(job_id), fingerprint=fingerprint(request), **more),
        ev.JobPlanned(
            plan="classical_then_rule", sense="min", policy_version="1", rule="wish", reasons=("Asked for.",),
            inputs={"variables": 6, "kind": kind},
            legs=(
                Leg(leg=LEG, role="primary", lane="classical", budget_s=10, attempts_max=2, reason="Asked for."),
                Leg(leg=SPARE, role="fallback", lane="rule", budget_s=1, attempts_max=1, reason="Where nothing else does."),
            ),
        ),
        ev.JobQueued(
            attempt_id=attempt, leg=LEG, role="primary", lane="classical", number=1, tier="interactive", problem=problem,
            fingerprint="f", seed=1, budget_s=10,
        ),
        ev.JobStarted(attempt_id=attempt, leg=LEG, worker="solver-1", started_at=clock.now()),
    ]  # fmt: skip
    story += [
        ev.ExecutionProgressed(attempt_id=attempt, leg=LEG, elapsed_s=nth / 10, objective=900 - nth % 90, bound=800)
        for nth in range(progress)
    ]
    await tell(world, job_id, story, "running", kind)
    return job_id


async def awaited(world: RunningGateway, role: str = "owners") -> UUID:
    """A job whose plan waits for somebody of this role to allow it."""
    job_id = world.parts.ids.mint()
    problem = Problem(kind="maxcut", statement={"nodes": 2, "edges": [[0, 1, 1]]})
    request = JobRequest(tenant="acme", problem=problem, lane="quantum")
    legs = (
        Leg(leg="primary-quantum", role="primary", lane="quantum", budget_s=10, attempts_max=1, reason="Asked for."),
    )
    spare = (Leg(leg=LEG, role="primary", lane="classical", budget_s=10, attempts_max=1, reason="It is cheap."),)
    approval = Approval(
        row="dear", role=role, reason="6 qubits are dear.", expires_s=600, otherwise="classical_only", legs=spare
    )
    story: list[Any] = [
        ev.JobSubmitted(request=request, idempotency_key=str(job_id), fingerprint=fingerprint(request)),
        ev.JobPlanned(
            plan="quantum_only", sense="max", policy_version="2", rule="q", reasons=("Asked for.",), inputs={}, legs=legs,
            approval=approval,
        ),
        ev.ApprovalRequested(
            digest="d" * 64, reason="6 qubits are dear.", expires_at=world.clock.now() + timedelta(minutes=10), role=role,
            quorum=1, otherwise="classical_only",
        ),
    ]  # fmt: skip
    await tell(world, job_id, story, "planned", "maxcut")
    return job_id


async def ended(
    world: RunningGateway, job_id: UUID, answer: dict[str, Any], objective: float | None = 12, *, succeeded: bool = True
) -> None:
    """The rest of the story of a job, up to its checked answer; `succeeded` False where that was told already."""
    attempt, now = attempt_id_of(job_id, LEG, 1), world.clock.now()
    confidence = Confidence(
        value=0.9,
        parts=(
            ConfidencePart(name="feasibility", value=1, weight=4, detail="recomputed from the problem"),
            ConfidencePart(name="optimality", value=0.8, weight=4, detail="gap to the bound"),
        ),
    )
    kind = world.store.database.streams[job_id].head.attributes["kind"]
    story: list[Any] = [
        ev.ExecutionSucceeded(
            attempt_id=attempt, leg=LEG, lane="classical", ran=RAN, answer=answer, objective=objective, bound=objective,
            started_at=now, finished_at=now + timedelta(seconds=1), worker="solver-1", usage=Usage(wall_s=1, cpu_s=0.9),
            evidence={"nodes_visited": 41},
        ),
        ev.ResultValidated(
            attempt_id=attempt, leg=LEG, verdict="accepted", objective=objective, bound=objective, gap=0.0,
            proven_optimal=False, confidence=confidence, problem_fingerprint="p", answer_fingerprint=fingerprint(answer),
        ),
        ev.JobCompleted(
            kind=kind, answer=answer, objective=objective, bound=objective, gap=0.0, verdict="accepted",
            confidence=confidence, leg=LEG, attempt_id=attempt, ran=RAN, reasons=("The best that was found.",), elapsed_s=1.2,
        ),
    ]  # fmt: skip
    await tell(world, job_id, story if succeeded else story[1:], "completed", kind)


async def failed(world: RunningGateway, kind: str, statement: dict[str, Any], code: FailureCode) -> UUID:
    """A job whose one attempt failed."""
    job_id = await begun(world, kind, statement)
    attempt = attempt_id_of(job_id, LEG, 1)
    story: list[Any] = [
        ev.ExecutionFailed(
            attempt_id=attempt, leg=LEG, code=code, detail="It did not end in time.", remedy="Raise budget_s."
        ),
        ev.JobFailed(
            code=FailureCode.ALL_LEGS_FAILED, detail="No leg gave an answer.", remedy="See the attempts.", elapsed_s=1
        ),
    ]
    await tell(world, job_id, story, "failed", kind)
    return job_id


async def whole(world: RunningGateway, kind: str, statement: dict[str, Any], answer: dict[str, Any]) -> UUID:
    """A job with a checked answer."""
    job_id = await begun(world, kind, statement)
    await ended(world, job_id, answer)
    return job_id


COMMANDS = (
    Compensation(
        name="release-slot", on=("cancelled", "superseded"), command="com.acme.ReleaseSlot", data={"slot": 17}
    ),
    Compensation(name="tell-customer", on=("invalidated",), command="com.acme.Apologise"),
)


async def undone(world: RunningGateway, statement: dict[str, Any], answer: dict[str, Any]) -> tuple[UUID, UUID]:
    """A job that was acted on, and whose answer another job's has then taken the place of; and that one."""
    later = world.parts.ids.mint()
    first = await begun(world, "tsp", statement, compensations=COMMANDS)
    await ended(world, first, answer)
    step = COMMANDS[0]
    story: list[Any] = [
        ev.OutcomeReported(
            acted=True, report_id=derive_id(first, "report"), objective=11.5, detail="two lorries fewer",
            value=Brought(amount="120.50", currency="EUR"), actor="key:0Xq3Tz81",
        ),
        ev.JobSuperseded(by=later),
        ev.CompensationRequested(
            compensation_id=derive_id(first, step.name), name=step.name, cause="superseded", command=step.command,
            data=step.data,
        ),
    ]  # fmt: skip
    await tell(world, first, story, "completed", "tsp")
    return first, later


async def tell(world: RunningGateway, job_id: UUID, story: list[Any], state: str, kind: str) -> None:
    """Append these events to a job."""
    attributes = {"kind": kind, "tier": "interactive", "lane": "classical", "fingerprint": "f"}
    version = len(world.store.database.events.get(job_id, ()))
    for start in range(0, len(story), PAGE):
        new = tuple(
            NewEvent(
                derive_id(job_id, f"{version + nth}"),
                type(event).__name__,
                1,
                encode_data(event).decode(),
                world.clock.now(),
            )
            for nth, event in enumerate(story[start : start + PAGE], 1)
        )
        assert (await world.store.append([Append(job_id, "acme", version, new, Head(state, None, attributes))]))[0]
        version += len(new)
