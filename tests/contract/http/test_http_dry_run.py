"""POST /v1/jobs?validate_only=true: the problem checked, plan, time and cost told, nothing stored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from queuebit_contracts.events import BackendStatusReported
from queuebit_contracts.jobs import JobRequest
from queuebit_control_plane.inbound.planning import Planning
from queuebit_control_plane.paths.board import PathBoard
from queuebit_control_plane.policies import PolicyKeeper
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.job import routing
from queuebit_domain.policy.default import DEFAULT
from queuebit_domain.policy.register import REGISTER_ID
from queuebit_operations.policies.register import PolicyRegister
from queuebit_problems.admission import admit
from queuebit_store.backends.port import ReportedBackend
from queuebit_store.ports import Append, NewEvent
from tests.contract.http.running_gateway import RunningGateway, a_body
from tests.unit.paths.measured_jobs import a_registration, append_to_path
from tests.unit.policy.policies import a_document, row


async def _dry(world: RunningGateway, body: Any, role: str = "submitter") -> Any:
    headers = await world.headers("acme", role)
    return await world.http.post("/v1/jobs?validate_only=true", json=body, headers=headers)


async def _report(world: RunningGateway, lane: Any, age_s: float = 0.0, runs: Any = None) -> None:
    status = BackendStatusReported(backend=f"a-{lane}", lane=lane, available=True, qubits_max=20)
    at = world.clock.now() - timedelta(seconds=age_s)
    await world.store.keep_reports([ReportedBackend(f"a-{lane}", at, status.model_dump(mode="json"), runs)])


async def test_tells_the_plan_and_stores_nothing(world: RunningGateway) -> None:
    body = a_body(lane="auto", budget_s=3.0)

    answer = await _dry(world, body)

    found = answer.json()
    assert (answer.status_code, found["object"], found["kind"]) == (200, "dry_run", "maxcut")
    assert found["size"] == {"variables": 3, "qubits": 3, "terms": 3}
    assert (found["plan"]["name"], found["plan"]["rule"]) == ("classical_only", "otherwise-classical")
    assert found["plan"]["inputs"]["qubits"] == 3
    assert [(leg["leg"], leg["state"]) for leg in found["plan"]["legs"]] == [
        ("primary-classical", "waiting"),
        ("fallback-rule", "waiting"),
    ]
    assert (found["eta"]["expected_s"], found["eta"]["at_most_s"]) == (3.0, 600.0)
    assert found["cost"]["amount"] == "0"
    assert (world.store.database.streams, world.store.database.reservations) == ({}, {})
    assert len(world.plane.submissions) == 0


async def test_an_earlier_answer_that_is_named_is_told_of(world: RunningGateway) -> None:
    earlier = "01890000-0000-7000-8000-0000000000aa"
    plan = (await _dry(world, a_body(params={"candidate": earlier}))).json()["plan"]

    assert (
        plan["reasons"][-1]
        == f"The answer of job {earlier} competes where it may: that is seen when the job is planned."
    )


async def test_the_job_that_is_submitted_has_the_same_fingerprint(world: RunningGateway) -> None:
    found = (await _dry(world, a_body())).json()
    await world.submit(Prefer="wait=5")
    (row,) = world.store.database.streams.values()
    assert row.head.attributes["fingerprint"] == found["fingerprint"]


async def test_backends_that_report_now_are_planned_with(world: RunningGateway) -> None:
    nodes = {"nodes": 6, "edges": [[nth, nth + 1, 1] for nth in range(5)]}
    body = {"problem": {"kind": "maxcut", "statement": nodes}}
    without = (await _dry(world, body)).json()
    await _report(world, "quantum", age_s=3600)
    stale = (await _dry(world, body)).json()
    await _report(world, "quantum")

    found = (await _dry(world, body)).json()

    assert without["plan"]["rule"] == stale["plan"]["rule"] == "otherwise-classical"
    assert (found["plan"]["rule"], found["plan"]["legs"][0]["lane"]) == ("small-on-quantum", "quantum")
    assert (found["cost"]["amount"], "primary-quantum" in found["cost"]["detail"]) == (None, True)
    assert len(found["eta"]["basis"]) == 2


async def test_refuses_what_a_submission_would_be_refused_for(world: RunningGateway) -> None:
    wrong = await _dry(world, a_body(budget_s=-1))
    late = await _dry(world, a_body(deadline="2001-01-01T00:00:00Z"))
    viewer = await _dry(world, a_body(), "viewer")

    assert [(answer.status_code, answer.json()["code"]) for answer in (wrong, late, viewer)] == [
        (422, "invalid_request"),
        (422, "deadline_past"),
        (403, "role_forbids"),
    ]


async def test_the_active_policy_plans_it(world: RunningGateway) -> None:
    canary = row("canary", "quantum", bucket={"lt": 10_000}, tier="interactive")
    register = PolicyRegister(world.store, world.clock)
    version, _ = await register.publish(a_document(canary), actor="ada", reason="r")
    before = (await _dry(world, a_body(lane="auto"))).json()
    await register.activate(version, actor="ada", reason="r")

    after = (await _dry(world, a_body(lane="auto"))).json()

    assert (before["plan"]["policy_version"], after["plan"]["policy_version"]) == ("routing/2", "frugal/1")
    assert (after["plan"]["rule"], after["plan"]["inputs"]["bucket"] < 10_000) == ("canary", True)
    assert after["cost"]["amount"] is None


async def test_an_event_of_a_newer_release_in_the_register_leaves_the_policy_that_was_active(
    world: RunningGateway,
) -> None:
    """Given an activation that this release cannot read, then plans are told by what the control plane goes on with."""
    canary = row("canary", "quantum", bucket={"lt": 10_000}, tier="interactive")
    register = PolicyRegister(world.store, world.clock)
    version, _ = await register.publish(a_document(canary), actor="ada", reason="r")
    await register.activate(version, actor="ada", reason="r")
    last = (await world.store.heads([REGISTER_ID]))[REGISTER_ID]
    odd = NewEvent(uuid4(), "PolicyForgotten", 1, "{}", world.clock.now())
    assert await world.store.append(
        [Append(REGISTER_ID, last.tenant, last.version, (odd,), last.head, category=last.category)]
    ) == [True]

    found = (await _dry(world, a_body(lane="auto"))).json()

    assert found["plan"]["policy_version"] == "frugal/1"


async def test_it_is_planned_as_the_control_plane_plans_it(world: RunningGateway) -> None:
    """Given a policy with a canary, a path that is measured beside, and a device, then both plan the same question alike, leg
    for leg: also where the path takes no part, and where it is a rehearsal.
    """
    await append_to_path(world.store, world.clock.now(), a_registration(spec={"sample": 1.0}))
    register = PolicyRegister(world.store, world.clock)
    canary = row("canary", "quantum", bucket={"lt": 2_000}, tier="interactive")
    version, _ = await register.publish(a_document(canary), actor="ada", reason="r")
    await register.activate(version, actor="ada", reason="r")
    await _report(world, "quantum")
    lanes = Lanes()
    status = BackendStatusReported(backend="a-quantum", lane="quantum", available=True, qubits_max=20)
    lanes.report(status, world.clock.now())
    lanes.look(world.clock.now())
    board = PathBoard(world.store, lanes)
    await board.read()
    planning = Planning(lanes, PolicyKeeper(world.store, world.clock).policy, (), board)

    measured = 0
    for nth in range(12):
        nodes = 4 + nth
        edges = [[each, each + 1, 1] for each in range(nodes - 1)]
        labels = {"environment": "staging"} if nth % 4 == 3 else {}
        body = {"problem": {"kind": "maxcut", "statement": {"nodes": nodes, "edges": edges}}, "labels": labels}
        told = (await _dry(world, body)).json()["plan"]
        asked = admit(JobRequest.model_validate({**body, "tenant": "acme"}))
        board.out.clear()  # how many are measured just now, which it alone knows
        facts, plans = await planning.of([asked], world.clock.now())
        assert facts[0] is not None
        planned = plans[0] or routing.plan(facts[0], DEFAULT)
        assert [(leg["leg"], leg["role"], leg["lane"], leg["budget_s"]) for leg in told["legs"]] == [
            (leg.leg, leg.role, leg.lane, leg.budget_s) for leg in planned.legs
        ]
        assert (told["name"], told["rule"], told["policy_version"]) == (
            planned.plan,
            planned.rule,
            planned.policy_version,
        )
        measured += any(leg["leg"] == "path-quantum" for leg in told["legs"])
    assert 0 < measured < 12


async def test_a_plan_leaves_out_where_the_data_may_not_go_and_says_so(world: RunningGateway) -> None:
    """Given a quantum backend in us-east, then it counts for those alone whose data may go there."""
    status = BackendStatusReported(backend="a-device", lane="quantum", available=True, qubits_max=20, region="us-east")
    report = ReportedBackend("a-device", world.clock.now(), status.model_dump(mode="json"))
    await world.store.keep_reports([report])
    statement = {"nodes": 4, "edges": [[0, 1], [1, 2], [2, 3]]}

    def body(**params: str) -> Any:
        return a_body(lane="auto", params=params, problem={"kind": "maxcut", "statement": statement})

    asked = [body(), body(regions="us"), body(regions="eu")]
    plans = [(await _dry(world, each)).json()["plan"] for each in asked]

    assert [plan["rule"] for plan in plans] == ["small-on-quantum", "small-on-quantum", "otherwise-classical"]
    assert [routing.BARRED in plan["reasons"] for plan in plans] == [False, False, True]


async def test_regions_that_are_none_are_refused_with_the_field(world: RunningGateway) -> None:
    answer = await _dry(world, a_body(params={"regions": "Europe"}))

    found = answer.json()
    assert (answer.status_code, found["code"]) == (422, "invalid_statement")
    assert [each["pointer"] for each in found["errors"]] == ["/params/regions"]
