"""Earlier answers that compete, through all services: one that wins, loses, does not fit any more, or may not be had."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from queuebit_contracts.policy import PolicyDocument
from tests.contract.http.whole_world import WholeWorld, in_the_whole_world

BAG = {"profits": [7, 5, 5], "weights": [6, 5, 5], "capacity": 10}
DEARER = {"profits": [7, 9, 1], "weights": [6, 5, 5], "capacity": 11}
SMALLER = {"profits": [7, 5, 5], "weights": [6, 5, 5], "capacity": 9}
KEPT = {
    "policy": "kept",
    "plans": {
        "kept": {
            "plan": "kept",
            "legs": [
                {"role": "primary", "lane": "quantum"},
                {"role": "fallback", "lane": "rule", "cached": True, "starts": "when_needed"},
            ],
        },
        "usual": {"plan": "usual", "legs": [{"role": "primary", "lane": "classical"}]},
    },
    "routing": [
        {"id": "same", "use": "kept", "reason": "It was answered {cached_age_s} s ago.", "when": {"cached_same": True}},
        {"id": "otherwise", "use": "usual", "reason": "It is new."},
    ],
}


def bag(statement: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "knapsack", "statement": statement}


async def ended(world: WholeWorld, statement: dict[str, Any], who: str = "asker", **changes: Any) -> dict[str, Any]:
    job_id = await world.submit(who, problem=bag(statement), **changes)
    await world.until(who, job_id, lambda job: job["state"] in ("completed", "failed"))
    job: dict[str, Any] = (await world.ask(who, "GET", f"/v1/jobs/{job_id}?include=plan,events"))[1]
    return job


def competing(job: dict[str, Any]) -> dict[str, Any]:
    return {"candidate": job["id"]}


def leg(job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in job["plan"]["legs"] if each["leg"].startswith("cached"))
    return found


def test_an_earlier_answer_competes_and_is_checked_against_what_is_asked_now() -> None:
    async def story(world: WholeWorld) -> None:
        await world.person("asker")
        first = await ended(world, BAG)
        worse = await ended(world, BAG, lane="rule")

        wins = await ended(world, BAG, lane="rule", params=competing(first))
        loses = await ended(world, DEARER, params=competing(worse))
        unfit = await ended(world, SMALLER, params=competing(first))

        assert (first["objective"], worse["objective"]) == (10, 7)
        assert (wins["objective"], wins["answer"], wins["cost"]["amount"]) == (10, first["answer"], "0")
        assert (wins["ran"]["lane"], wins["ran"]["method"]) == ("rule", "cached")
        assert (leg(wins)["chosen"], leg(wins)["cached_from"]) == (True, first["id"])
        assert f"cached-rule is the answer of job {first['id']}, checked anew" in wins["reasons"]
        (attempt,) = [each for each in wins["attempts"] if each["leg"] == "cached-rule"]
        assert attempt["evidence"]["from_job"] == first["id"]
        assert (loses["objective"], leg(loses)["state"], leg(loses)["chosen"]) == (16, "accepted", False)
        assert "to another statement, is checked anew and competes" in loses["plan"]["reasons"][-1]
        assert (unfit["objective"], unfit["ran"]["lane"], leg(unfit)["state"]) == (7, "classical", "failed")
        assert "The earlier answer does not fit this statement" in " ".join(unfit["reasons"])

    in_the_whole_world(story)


def test_what_may_not_compete_is_named_and_the_job_goes_on_without_it() -> None:
    async def story(world: WholeWorld) -> None:
        await world.person("asker")
        await world.person("stranger", tenant="globex")
        first = await ended(world, BAG)

        theirs = await ended(world, BAG, who="stranger", params=competing(first))
        unknown = await ended(world, BAG, params={"candidate": str(UUID(int=5))})
        key = {"Idempotency-Key": "k"}
        body = {"problem": bag(BAG), "params": {"candidate": "the one of yesterday"}}
        status, refused = await world.ask("asker", "POST", "/v1/jobs", body, **key)

        for job in (theirs, unknown):
            assert (job["state"], job["objective"]) == ("completed", 10)
            assert not any("cached" in each["leg"] for each in job["plan"]["legs"])
            assert "there is no such job of yours, or it has no answer" in job["plan"]["reasons"][-1]
        assert (status, refused["errors"][0]["pointer"]) == (422, "/params/candidate")

    in_the_whole_world(story)


def test_a_policy_may_take_it_in_the_place_of_a_lane_that_is_not_there() -> None:
    async def story(world: WholeWorld) -> None:
        await world.person("asker")
        first = await ended(world, BAG)
        await world.plan_by(PolicyDocument.model_validate(KEPT))

        again = await ended(world, BAG, lane="auto", params={**competing(first), "fallback": True})
        other = await ended(world, DEARER, lane="auto", params=competing(first))

        assert (again["plan"]["rule"], again["ran"]["method"], again["objective"]) == ("same", "cached", 10)
        assert [each["leg"] for each in again["plan"]["legs"]] == ["primary-quantum", "cached-rule"]
        assert again["plan"]["inputs"]["cached_same"] is True
        assert (other["plan"]["rule"], other["objective"]) == ("otherwise", 16)
        assert [each["leg"] for each in other["plan"]["legs"]] == ["primary-classical", "cached-rule"]

    in_the_whole_world(story)
