"""Policies over HTTP: what is active, every version, and what differs between two; for those who run Queuebit alone."""

from __future__ import annotations

from typing import Any

from queuebit_operations.policies.register import PolicyRegister
from tests.contract.http.running_gateway import RunningGateway
from tests.unit.policy.policies import WHY, a_document, row


async def _get(world: RunningGateway, path: str) -> tuple[int, Any]:
    answer = await world.http.get(path, headers=await world.headers("ops", "operator"))
    return answer.status_code, answer.json()


async def _published(world: RunningGateway) -> None:
    register = PolicyRegister(world.store, world.clock)
    small, large = row("small", qubits={"lt": 5}), row("large", "quantum", qubits={"ge": 50})
    await register.publish(a_document(small, large), **WHY)
    await register.publish(a_document(large, {**small, "reason": "Enumerated."}, row("new"), salt="s"), **WHY)
    await register.activate("frugal/1", **WHY)
    await register.activate("frugal/2", **WHY)
    await register.roll_back(**WHY)


async def test_without_one_the_policy_of_the_release_plans(world: RunningGateway) -> None:
    _, found = await _get(world, "/v1/policies")

    assert (found["active"], found["history"], [each["version"] for each in found["data"]]) == (
        "routing/2", [], ["routing/2"],
    )  # fmt: skip
    assert (await _get(world, "/v1/policies/routing/2"))[1]["document"]["policy"] == "routing"


async def test_every_version_is_told_and_what_was_active_when(world: RunningGateway) -> None:
    await _published(world)

    _, found = await _get(world, "/v1/policies")
    _, one = await _get(world, "/v1/policies/frugal/1")

    assert (found["active"], {each["version"]: each["active"] for each in found["data"]}) == (
        "frugal/1", {"frugal/2": False, "frugal/1": True, "routing/2": False},
    )  # fmt: skip
    assert [(each["version"], each["rollback"]) for each in found["history"]] == [
        ("frugal/1", True), ("frugal/2", False), ("frugal/1", False),
    ]  # fmt: skip
    assert (one["actor"], one["reason"], one["readable"], one["document"]["routing"][0]["id"]) == (
        "ada", "a trial", True, "small",
    )  # fmt: skip


async def test_two_versions_are_compared_row_by_row(world: RunningGateway) -> None:
    await _published(world)

    _, found = await _get(world, "/v1/policies/frugal/2/diff")
    _, against = await _get(world, "/v1/policies/frugal/2/diff?against=frugal/2")

    assert (found["before"], found["after"], against["changes"]) == ("frugal/1", "frugal/2", [])
    assert [(each["where"], each["what"]) for each in found["changes"]] == [
        ("salt", "added"), ("routing/small", "changed"), ("routing/new", "added"), ("routing", "moved"),
    ]  # fmt: skip
    moved = found["changes"][-1]
    assert (moved["before"], moved["after"]) == (["small", "large", "otherwise"], ["large", "small", "otherwise"])


async def test_what_is_no_policy_is_not_found(world: RunningGateway) -> None:
    for path in ("/v1/policies/frugal/1", "/v1/policies/routing/2/diff?against=x", "/v1/policies/x/9/diff"):
        status, told = await _get(world, path)
        assert (status, told["code"]) == (404, "policy_not_found")
    assert (await _get(world, "/v1/policies/frugal/0"))[0] == 422
