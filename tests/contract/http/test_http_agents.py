"""The server for agents, asked by the client of the official SDK: read-only unless it is told otherwise, and within bounds."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp_types import ElicitResult

from queuebit_client.agents.allowance import Allowance, Ledger, NotAllowed, question_of
from queuebit_client.agents.server import server_of
from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.forecast import CostForecast, DryRun
from queuebit_contracts.events import BackendStatusReported
from queuebit_contracts.jobs import Cost
from queuebit_store.backends.port import ReportedBackend
from tests.contract.http.running_gateway import RunningGateway, a_body
from tests.contract.http.served import Served

READS = {
    "list_kinds", "read_kind", "plan_job", "list_jobs", "read_job", "wait_for_job", "explain_job", "list_backends",
    "read_usage", "read_backlog",
}  # fmt: skip
SPENDS = {"submit_job", "cancel_job"}
READING, FREE = Allowance(), Allowance(spend=True)
PROBLEM = a_body()["problem"]
SMALL = {"kind": "maxcut", "statement": {"nodes": 6, "edges": [[nth, nth + 1, 1] for nth in range(5)]}}


@asynccontextmanager
async def an_agent(
    world: RunningGateway, allowance: Allowance = READING, *, mode: Any = "auto", person: Any = None
) -> AsyncIterator[Client]:
    """A client of the SDK, over our server, over our client, over a gateway."""
    transport = httpx2.ASGITransport(app=world.app)
    async with AsyncQueuebit("http://test", await world.key(), transport=transport) as queuebit:
        server = server_of(queuebit, allowance, world.clock.monotonic_s)
        async with Client(server, mode=mode, elicitation_callback=person) as client:
            yield client


def a_person(agrees: bool | None, asked: list[str]) -> Callable[..., Any]:
    """Somebody who reads the question; None declines to say anything."""

    async def answer(_context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        if agrees is None:
            return ElicitResult(action="decline")
        return ElicitResult(action="accept", content={"approved": agrees})

    return answer


async def _hardware(world: RunningGateway) -> None:
    status = BackendStatusReported(backend="a-device", lane="quantum", available=True, qubits_max=20)
    await world.store.keep_reports([ReportedBackend("a-device", world.clock.now(), status.model_dump(mode="json"))])


async def _submit(client: Client, key: str | None = "job-1", problem: Any = PROBLEM, **more: Any) -> Any:
    keyed = {} if key is None else {"idempotency_key": key}
    return await client.call_tool("submit_job", {"problem": problem, **keyed, **more})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_without_leave_there_are_only_tools_that_read(world: RunningGateway, mode: str) -> None:
    async with an_agent(world, mode=mode) as client:
        tools = (await client.list_tools()).tools
        refused = await _submit(client)

    assert {tool.name for tool in tools} == READS
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
    assert all(tool.description for tool in tools)
    assert refused.is_error
    assert world.plane.submissions == []


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_an_agent_finds_its_way_from_kinds_to_a_checked_answer(world: RunningGateway, mode: str) -> None:
    async with an_agent(world, FREE, mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        kinds = (await client.call_tool("list_kinds", {})).structured_content
        example = (await client.call_tool("read_kind", {"kind": "maxcut"})).structured_content["example"]
        plan = (await client.call_tool("plan_job", {"problem": example})).structured_content
        job = (await _submit(client, problem=example)).structured_content
        answer = (await client.call_tool("wait_for_job", {"job_id": job["id"]})).structured_content
        listed = (await client.call_tool("list_jobs", {"state": ["completed"]})).structured_content
        told = (await client.call_tool("explain_job", {"job_id": job["id"]})).structured_content

    assert set(tools) == READS | SPENDS
    assert "approval" not in tools["submit_job"].input_schema["properties"]
    assert "idempotency_key" in tools["submit_job"].input_schema["required"]
    assert "maxcut" in {kind["name"] for kind in kinds["result"]}
    assert plan["cost"]["amount"] == "0"
    assert (answer["state"], answer["verdict"]) == ("completed", "accepted")
    assert [line["id"] for line in listed["result"]] == [job["id"]]
    assert told["summary"]


async def test_a_key_is_mandatory_and_the_same_key_is_the_same_job(world: RunningGateway) -> None:
    async with an_agent(world, FREE) as client:
        keyless = await _submit(client, None)
        first, again = await _submit(client), await _submit(client)
        other = await _submit(client, problem=SMALL)

    assert keyless.is_error
    assert first.structured_content["id"] == again.structured_content["id"]
    assert other.is_error
    assert "idempotency_key_reused" in other.content[0].text
    assert len(world.plane.submissions) == 1


async def test_hardware_needs_its_own_leave(world: RunningGateway) -> None:
    await _hardware(world)
    async with an_agent(world, FREE) as client:
        refused = await _submit(client, problem=SMALL)
        named = await _submit(client, problem=SMALL, lane="quantum")
        simulated = await _submit(client, problem=SMALL, lane="classical")

    assert [answer.is_error for answer in (refused, named, simulated)] == [True, True, False]
    assert "--allow-hardware" in refused.content[0].text
    assert len(world.plane.submissions) == 1


async def test_without_leave_for_hardware_a_device_that_comes_up_later_is_not_asked(world: RunningGateway) -> None:
    async with an_agent(world, FREE) as client:
        await _submit(client)
    (envelope,) = world.plane.submissions
    assert envelope.data.request.lane == "classical"  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(("agrees", "submitted"), [(True, 1), (False, 0), (None, 0)])
async def test_a_person_is_asked_by_target_and_cost_where_nobody_knows_what_it_costs(
    world: RunningGateway, mode: str, agrees: bool | None, submitted: int
) -> None:
    await _hardware(world)
    asked: list[str] = []
    allowance = Allowance(spend=True, hardware=True, cost_max=Decimal(5))
    async with an_agent(world, allowance, mode=mode, person=a_person(agrees, asked)) as client:
        answer = await _submit(client, problem=SMALL)

    assert answer.is_error is (submitted == 0)
    assert len(asked) == 1
    assert "primary-quantum on the lane quantum" in asked[0]
    assert "Cost: not known beforehand" in asked[0]
    assert len(world.plane.submissions) == submitted


async def test_where_no_person_can_be_asked_it_is_refused(world: RunningGateway) -> None:
    await _hardware(world)
    async with an_agent(world, Allowance(spend=True, hardware=True)) as client:
        try:
            refused = (await _submit(client, problem=SMALL)).is_error
        except Exception as error:
            refused = "elicitation" in str(error).lower()
    assert refused
    assert world.plane.submissions == []


async def test_so_many_jobs_a_minute_and_no_more(world: RunningGateway) -> None:
    allowance = Allowance(spend=True, submissions_per_minute_max=2)
    async with an_agent(world, allowance) as client:
        found = [await _submit(client, f"job-{nth}") for nth in (1, 2, 1, 3)]
        world.clock.moved_s = 61.0
        later = await _submit(client, "job-3")

    assert [answer.is_error for answer in found] == [False, False, False, True]
    assert "--submissions-per-minute-max" in found[-1].content[0].text
    assert not later.is_error


async def test_what_is_wrong_is_said_in_words_that_an_agent_can_act_on(world: RunningGateway) -> None:
    async with an_agent(world, FREE) as client:
        kind: Any = await client.call_tool("read_kind", {"kind": "riddles"})
        job: Any = await client.call_tool("read_job", {"job_id": "nothing"})
        wrong: Any = await client.call_tool("plan_job", {"problem": {"kind": "maxcut", "statement": {"nodes": -1}}})

    assert [answer.is_error for answer in (kind, job, wrong)] == [True, True, True]
    assert "kind_not_found" in kind.content[0].text
    assert "/problem/statement" in wrong.content[0].text


def _plan(amount: str | None, currency: str | None = "USD", lane: str = "quantum") -> DryRun:
    leg = {
        "leg": f"primary-{lane}", "role": "primary", "lane": lane, "state": "waiting", "budget_s": 1.0, "attempts_max": 1,
        "reason": "",
    }  # fmt: skip
    plan = {"name": "p", "rule": "r", "policy_version": "1", "legs": [leg]}
    eta = {"expected_s": 1, "at_most_s": 2, "at_most_at": "2026-01-01T00:00:00Z"}
    cost = CostForecast(amount=amount, currency=currency, detail="The device charges.")
    return DryRun.model_validate(
        {"kind": "maxcut", "tier": "batch", "lane": "auto", "fingerprint": "f", "size": {"variables": 3}, "plan": plan,
         "eta": eta, "cost": cost}
    )  # fmt: skip


def test_all_submissions_together_cost_no_more_than_was_allowed() -> None:
    ledger = Ledger(Allowance(spend=True, hardware=True, cost_max=Decimal("1.00")))
    assert [ledger.take(key, _plan("0.40"), 0.0) for key in ("a", "b", "a")] == [True, True, False]

    with pytest.raises(NotAllowed, match=r"--cost-max is 1\.00"):
        ledger.check("c", _plan("0.40"), 0.0)
    with pytest.raises(NotAllowed, match="--cost-max is in USD"):
        ledger.check("c", _plan("0.10", "EUR"), 0.0)
    assert question_of(_plan("0.40")) == (
        "Submit a maxcut job (3 variables)? Target: primary-quantum on the lane quantum. Cost: 0.40 USD. The device charges."
    )


def test_of_jobs_without_a_price_there_is_one_at_a_time_and_what_it_cost_counts() -> None:
    ledger = Ledger(Allowance(spend=True, hardware=True, cost_max=Decimal("1.00")))
    ledger.take("a", _plan(None), 0.0)
    ledger.sent("a", "job-a")
    with pytest.raises(NotAllowed, match="nor yet what the last such job cost"):
        ledger.check("b", _plan(None), 0.0)
    assert ledger.unpriced == [("a", "job-a")]

    ledger.settle("a", Cost(amount="0.70"))
    assert (ledger.spent, ledger.unpriced, ledger.take("b", _plan(None), 0.0)) == (Decimal("0.70"), [], True)
    with pytest.raises(NotAllowed, match=r"0\.70 were spent"):
        ledger.check("c", _plan("0.40"), 0.0)
    ledger.settle("b", Cost(amount="3", currency="EUR"))
    with pytest.raises(NotAllowed, match=r"--cost-max is 1\.00"):
        ledger.check("c", _plan(None), 0.0)


def test_a_key_stands_for_what_it_was_first_used_for_and_is_free_again_where_that_was_refused() -> None:
    ledger = Ledger(Allowance(spend=True, hardware=True, cost_max=Decimal("1.00"), submissions_per_minute_max=1))
    ledger.take("a", _plan("0.40"), 0.0)
    with pytest.raises(NotAllowed, match="idempotency_key_reused"):
        ledger.check("a", _plan("0.40").model_copy(update={"fingerprint": "other"}), 0.0)
    ledger.drop("a")
    assert (ledger.spent, ledger.take("b", _plan("1.00"), 0.0)) == (Decimal(0), True)


async def test_calls_at_once_stay_within_the_bounds_together(world: RunningGateway) -> None:
    allowance = Allowance(spend=True, submissions_per_minute_max=3)
    async with an_agent(world, allowance) as client:
        found = await asyncio.gather(*(_submit(client, f"job-{nth}") for nth in range(8)))
    assert (sum(not each.is_error for each in found), len(world.plane.submissions)) == (3, 3)


async def test_no_more_calls_wait_than_are_allowed_and_none_cancels_more(world: RunningGateway) -> None:
    world.plane.finish_at_once = False
    async with an_agent(world, Allowance(spend=True, submissions_per_minute_max=1)) as client:
        job_id = (await _submit(client)).structured_content["id"]
        waiting = {"job_id": job_id, "seconds": 0.5}
        found = await asyncio.gather(*(client.call_tool("wait_for_job", waiting) for _ in range(10)))
        gone = [await client.call_tool("cancel_job", {"job_id": job_id, "reason": "r"}) for _ in range(2)]

    assert sum(each.is_error for each in found) == 2
    assert [each.is_error for each in gone] == [False, True]


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("read_kind", {"kind": "x" * 101}),
        ("read_job", {"job_id": "../backends"}),
        ("read_job", {"job_id": "1" * 65}),
        ("list_jobs", {"state": ["completed"] * 11}),
        ("list_jobs", {"limit": 101}),
        ("plan_job", {"problem": {"kind": "maxcut", "statement": {"text": "x" * 4_000_000}}}),
        ("submit_job", {"problem": PROBLEM, "idempotency_key": "k" * 256}),
        ("submit_job", {"problem": PROBLEM, "idempotency_key": ""}),
        ("submit_job", {"problem": PROBLEM, "idempotency_key": "k", "labels": {str(nth): "" for nth in range(21)}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_longer_than_its_bound_is_refused(world: RunningGateway, tool: str, given: Any) -> None:
    async with an_agent(world, FREE) as client:
        answer = await client.call_tool(tool, given)
    assert answer.is_error
    assert world.plane.submissions == []


async def test_the_command_serves_on_standard_input_and_output(served: Served) -> None:
    command = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from queuebit_client.cli.main import main; main()", "mcp", "--allow-spend"],
        env={"HOME": str(served.home), "QUEUEBIT_URL": served.url, "QUEUEBIT_API_KEY": served.key},
    )
    async with Client(command, read_timeout_seconds=60) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        job = (await _submit(client)).structured_content
        answer = (await client.call_tool("wait_for_job", {"job_id": job["id"]})).structured_content

    assert tools == READS | SPENDS
    assert answer["state"] == "completed"


@pytest.mark.parametrize("flags", [("--allow-hardware",), ("--cost-max", "much"), ("--cost-max", "-1")])
async def test_flags_that_say_nothing_are_refused(served: Served, flags: tuple[str, ...]) -> None:
    code, _, err = await served.cli("mcp", *flags)
    assert code == 2
    assert flags[0] in err
