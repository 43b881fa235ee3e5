"""Plans that wait, over HTTP: who may decide does, on exactly what was shown, and nobody on what they asked for themselves."""

from __future__ import annotations

from typing import Any

from tests.contract.http.whole_world import WholeWorld, in_the_whole_world
from tests.unit.policy.policies import a_document, row

COSTLY = {
    "id": "costly",
    "when": {"qubits": {"ge": 3}},
    "reason": "{qubits} qubits are dear.",
    "role": "owners",
    "expires_s": 300,
    "on_expiry": "classical",
}
REFUSED = ("asker", "both", "cook", "viewer", "stranger")
ENDED = ("completed", "cancelled", "failed")


async def _people(world: WholeWorld, **approval: Any) -> None:
    await world.person("asker")
    await world.person("owner", "admin", "owners")
    await world.person("other owner", "submitter", "owners")
    await world.person("both", "submitter", "owners", "cooks")
    await world.person("cook", "admin", "cooks")
    await world.person("viewer", "viewer", "owners")
    await world.person("stranger", "admin", "owners", tenant="globex")
    await world.plan_by(a_document(row("all", "classical"), approvals=[{**COSTLY, **approval}]))


async def _waiting(world: WholeWorld, who: str = "owner") -> Any:
    status, found = await world.ask(who, "GET", "/v1/approvals")
    assert status == 200
    return found["data"]


def _ended(job: Any) -> bool:
    return job["state"] in ENDED


def test_a_plan_waits_is_shown_whole_and_goes_on_when_its_owner_allows_it() -> None:
    async def story(world: WholeWorld) -> None:
        await _people(world)
        job_id = await world.submit("asker", lane="auto")

        (shown,) = await _waiting(world)
        _, one = await world.ask("owner", "GET", f"/v1/approvals/{job_id}")
        status, said = await world.ask(
            "owner", "POST", f"/v1/approvals/{job_id}/grant", {"digest": shown["digest"], "reason": "worth it"}
        )
        job = await world.until("asker", job_id, _ended)

        assert (one, status, said["job_id"]) == (shown, 202, job_id)
        assert {name: shown[name] for name in ("role", "reason", "quorum", "plan", "otherwise", "may_decide")} == {
            "role": "owners", "reason": "3 qubits are dear.", "quorum": 1, "plan": "classical_only",
            "otherwise": "classical_only", "may_decide": True,
        }  # fmt: skip
        assert ([leg["leg"] for leg in shown["legs"]], shown["facts"]["qubits"]) == (["primary-classical"], 3)
        granted = next(event["data"] for event in job["events"] if "ApprovalGranted" in event["type"])
        assert granted == {"digest": shown["digest"], "actor": "key:00000002", "reason": "worth it"}
        assert (job["state"], await _waiting(world)) == ("completed", [])
        status, told = await world.ask("owner", "GET", f"/v1/approvals/{job_id}")
        assert (status, told["code"]) == (404, "approval_not_found")

    in_the_whole_world(story)


def test_only_who_holds_the_role_decides_and_nobody_on_a_job_of_their_own() -> None:
    async def story(world: WholeWorld) -> None:
        await _people(world, quorum=2)
        job_id = await world.submit("both", lane="auto")
        (shown,) = await _waiting(world)
        path, body = f"/v1/approvals/{job_id}", {"digest": shown["digest"], "reason": "r"}

        told = {who: await world.ask(who, "POST", f"{path}/grant", body) for who in (*REFUSED, "owner", "other owner")}

        assert {who: (status, said.get("code")) for who, (status, said) in told.items()} == {
            "asker": (403, "duty_forbids"),
            "owner": (202, None),
            "other owner": (202, None),
            "both": (403, "requester_forbids"),
            "cook": (403, "duty_forbids"),
            "viewer": (403, "role_forbids"),
            "stranger": (404, "job_not_found"),
        }
        assert (await world.ask("stranger", "GET", "/v1/approvals"))[1]["data"] == []
        assert (await world.until("both", job_id, _ended))["state"] == "completed"

    in_the_whole_world(story)


def test_what_was_not_shown_is_not_decided_on_and_two_must_be_two() -> None:
    async def story(world: WholeWorld) -> None:
        await _people(world, quorum=2)
        job_id = await world.submit("asker", lane="auto")
        (shown,) = await _waiting(world)
        path, body = f"/v1/approvals/{job_id}", {"digest": shown["digest"], "reason": ""}

        status, changed = await world.ask("owner", "POST", f"{path}/grant", {**body, "digest": "0" * 64})
        short, _ = await world.ask("owner", "POST", f"{path}/grant", {"digest": shown["digest"][:12]})
        silent, _ = await world.ask("owner", "POST", f"{path}/deny", body)
        for _ in range(3):
            assert (await world.ask("owner", "POST", f"{path}/grant", body))[0] == 202
        await world.clock.sleep(5)
        (after,) = await _waiting(world)
        (for_other,) = await _waiting(world, "other owner")
        assert (await world.ask("other owner", "POST", f"{path}/grant", body))[0] == 202
        job = await world.until("asker", job_id, _ended)

        assert (status, changed["code"], short, silent) == (409, "approval_changed", 422, 422)
        assert (after["granted_by"], after["may_decide"], for_other["may_decide"]) == (["key:00000002"], False, True)
        granted = [event["data"]["actor"] for event in job["events"] if "ApprovalGranted" in event["type"]]
        assert (job["state"], granted) == ("completed", ["key:00000002", "key:00000003"])

    in_the_whole_world(story)


def test_a_refusal_cancels_and_silence_takes_what_was_printed() -> None:
    async def story(world: WholeWorld) -> None:
        await _people(world)
        refused, silent = await world.submit("asker", lane="auto"), await world.submit("asker", lane="auto", seed=3)
        shown = {each["job_id"]: each for each in await _waiting(world)}
        body = {"digest": shown[refused]["digest"], "reason": "too dear"}

        assert (await world.ask("owner", "POST", f"/v1/approvals/{refused}/deny", body))[0] == 202
        cancelled = await world.until("asker", refused, _ended)
        taken = await world.until("asker", silent, _ended)
        late = {"digest": shown[silent]["digest"], "reason": ""}
        status, told = await world.ask("owner", "POST", f"/v1/approvals/{silent}/grant", late)

        assert (cancelled["state"], cancelled["cancellation"]["reason"]) == ("cancelled", "too dear")
        assert taken["state"] == "completed"
        plans = [event["data"] for event in taken["events"] if "JobPlanned" in event["type"]]
        assert plans[-1]["reasons"][-1] == "Nobody of owners decided in time."
        assert (status, told["code"]) == (404, "approval_not_found")

    in_the_whole_world(story)


def test_what_waits_is_paged_and_what_does_not_wait_is_not_there() -> None:
    async def story(world: WholeWorld) -> None:
        await _people(world)
        asked = [await world.submit("asker", lane="auto", seed=seed) for seed in range(1, 6)]
        first = (await world.ask("owner", "GET", "/v1/approvals?limit=3"))[1]
        rest = (await world.ask("owner", "GET", f"/v1/approvals?limit=3&cursor={first['next_cursor']}"))[1]

        assert sorted(each["job_id"] for each in (*first["data"], *rest["data"])) == sorted(asked)
        assert (len(first["data"]), len(rest["data"])) == (3, 2)
        assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
        assert (await world.ask("owner", "GET", f"/v1/approvals?cursor={first['next_cursor']}x"))[0] == 400

    in_the_whole_world(story)
