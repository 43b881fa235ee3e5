"""What operators did, over HTTP: bulk operations however large, holds, and the record of both."""

from __future__ import annotations

from typing import Any

from queuebit_operations.bulk.store import Operations
from tests.contract.http.running_gateway import RunningGateway
from tests.contract.http.told_operators import operated


async def _get(world: RunningGateway, path: str) -> Any:
    answer = await world.http.get(path, headers=await world.headers("ops", "operator"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_operations_are_told_as_their_own_fold_has_them(world: RunningGateway) -> None:
    done, prepared = await operated(world)

    found = (await _get(world, "/v1/operations"))["data"]

    folded = await Operations(world.store, world.clock).load(done)
    assert [each["id"] for each in found] == [str(prepared), str(done)]
    assert {
        name: found[1][name] for name in ("verb", "state", "count", "done", "outcomes", "actor", "reason", "note")
    } == {
        "verb": folded.verb,
        "state": folded.state,
        "count": folded.count,
        "done": folded.done,
        "outcomes": folded.outcomes,
        "actor": folded.actor,
        "reason": folded.reason,
        "note": folded.note,
    }
    assert (found[0]["state"], found[0]["done"], found[0]["actor"], found[0]["frozen_by"]) == ("frozen", 0, "", "eve")
    assert (await _get(world, "/v1/operations?limit=1"))["data"] == found[:1]


async def test_the_record_has_every_deed_with_who_and_why_the_latest_first(world: RunningGateway) -> None:
    await operated(world)

    found = await _get(world, "/v1/record")

    assert [(each["why"], each["scope"], each["value"], each["actor"], each["reason"]) for each in found["holds"]] == [
        ("quarantine", "backend", "ibm_b", "ada", "It drifts.")
    ]
    said = sorted((each["actor"], each["did"], each["reason"]) for each in found["deeds"])
    assert said == [
        ("ada", "paused everything", "A bad release."),
        ("ada", "prepared jobs cancel of 2500", ""),
        ("ada", "quarantined backend ibm_b", "It drifts."),
        ("bob", "finished jobs cancel after 2500", ""),
        ("bob", "let 5 a second through hold 1", "Slowly."),
        ("bob", "lifted hold 1", "It is good again."),
        ("bob", "started jobs cancel", "Nobody wants them."),
        ("eve", "prepared jobs rerun of 1", ""),
    ]
    moments = [each["at"] for each in found["deeds"]]
    assert moments == sorted(moments, reverse=True)


async def test_where_nobody_did_anything_there_is_nothing(world: RunningGateway) -> None:
    assert (await _get(world, "/v1/operations"))["data"] == []
    assert await _get(world, "/v1/record") == {"object": "record", "holds": [], "deeds": []}
