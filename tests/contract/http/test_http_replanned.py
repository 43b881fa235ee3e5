"""POST /v1/jobs/{id}/replan: a job asked again, changed and kept to its answer, for its tenant alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import httpx2

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_client.changes import Change
from queuebit_client.models import Job
from queuebit_client.replan import replan as replan_of
from queuebit_contracts import events as ev
from queuebit_contracts.model import copy_with
from queuebit_gateway.http.app import create_app
from queuebit_gateway.read_model.payloads import Keyring, Payloads
from tests.contract.http.running_gateway import RunningGateway, a_body, improved
from tests.contract.http.whole_world import WholeWorld, in_the_whole_world

SHOP = {"machines": 2, "jobs": [[[0, 3], [1, 2]], [[1, 2], [0, 3]]]}
LATE = {"problem": {"statement": {"jobs": [[[0, 5], [1, 2]], [[1, 2], [0, 3]]]}}}
PACKING = {"kind": "bin_packing", "statement": {"machines": None, "jobs": None, "capacity": 5, "sizes": [1, 2]}}
KEY_ID = UUID("01890000-0000-7000-8000-0000000000aa")


async def replan(world: RunningGateway, job_id: str, body: Any, key: str = "again", **more: Any) -> httpx2.Response:
    headers = {**await world.headers(**more), "Idempotency-Key": key}
    return await world.http.post(f"/v1/jobs/{job_id}/replan", json=body, headers=headers)


async def a_schedule(world: RunningGateway) -> str:
    world.plane.answer = {"start": [[0, 3], [0, 3]]}
    body = {"problem": {"kind": "job_shop", "statement": SHOP}, "labels": {"team": "a"}, "seed": 7}
    return str((await world.submit(body=body, Prefer="wait=5")).json()["id"])


def last_asked(world: RunningGateway) -> ev.JobSubmitted:
    data = world.plane.submissions[-1].data
    assert isinstance(data, ev.JobSubmitted)
    return data


async def test_the_patched_question_is_kept_to_the_answer_and_a_repeat_is_the_same_job(world: RunningGateway) -> None:
    first = await a_schedule(world)
    body = {"patch": LATE, "pins": ["job 1 operation 0"], "change_cost": 0.5, "supersede": True}

    taken = await replan(world, first, body, role="admin")
    same = await replan(world, first, body, role="admin")

    assert (taken.status_code, same.status_code) == (202, 202)
    assert taken.headers["Location"] == f"/v1/jobs/{taken.json()['id']}"
    assert (same.json()["id"], same.headers["Idempotency-Replayed"]) == (taken.json()["id"], "true")
    asked = last_asked(world)
    assert len(world.plane.submissions) == 2
    assert asked.request.problem.statement == {
        **SHOP,
        **LATE["problem"]["statement"],
        "keep": {
            "before": [[0, 0, 0], [0, 1, 3], [1, 0, 0], [1, 1, 3]],
            "pinned": [[1, 0, 0]],
            "change_cost": 0.5,
        },
    }
    assert (asked.request.labels, asked.request.seed) == ({"team": "a", "replan_of": first}, 7)
    assert str(asked.supersedes) == first


async def test_a_repeat_is_the_same_job_when_there_is_a_better_answer_since_and_a_new_key_keeps_to_that(
    world: RunningGateway,
) -> None:
    first = await a_schedule(world)
    body = {"pins": ["job 1 operation 0"], "change_cost": 1}
    taken = await replan(world, first, body)
    await improved(world, first, {"start": [[2, 5], [0, 2]]})
    await improved(world, first, {"start": [[1, 4], [0, 1]]})

    same = await replan(world, first, body)
    other = await replan(world, first, {"change_cost": 2})
    anew = await replan(world, first, body, key="new")

    assert (same.status_code, same.json()["id"]) == (202, taken.json()["id"])
    assert same.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (anew.status_code, len(world.plane.submissions)) == (202, 3)
    before = last_asked(world).request.problem.statement["keep"]["before"]
    assert before == [[0, 0, 1], [0, 1, 4], [1, 0, 0], [1, 1, 1]]


async def test_a_patch_alone_needs_no_answer_and_leaves_no_trace_of_the_one_before(world: RunningGateway) -> None:
    world.plane.finish_at_once = False
    first = (await world.submit(body=a_body(seed=3))).json()["id"]

    patched = await replan(world, first, {"patch": {"seed": 4, "problem": {"statement": {"edges": [[0, 1, 5]]}}}})
    as_it_was = await replan(world, first, {}, key="third")
    kept = await replan(world, first, {"change_cost": 1}, key="fourth")

    assert (patched.status_code, as_it_was.status_code) == (202, 202)
    changed = world.plane.submissions[1].data
    assert isinstance(changed, ev.JobSubmitted)
    assert (changed.request.seed, changed.request.problem.statement["edges"]) == (4, [[0, 1, 5]])
    assert (changed.request.labels, changed.supersedes) == ({}, None)
    assert last_asked(world).fingerprint == cast("ev.JobSubmitted", world.plane.submissions[0].data).fingerprint
    assert (kept.status_code, kept.json()["code"]) == (409, "job_not_completed")
    assert kept.json()["detail"] == "The job is queued, and has no answer to keep to."


async def test_what_makes_no_sense_is_named_with_its_field(world: RunningGateway) -> None:
    shop, cut = await a_schedule(world), (await world.submit(Prefer="wait=5")).json()["id"]
    cases: list[tuple[str, Any, str, str]] = [
        (shop, {"pins": ["job 9"]}, "/pins", "unknown_part"),
        (shop, {"change_cost": -1}, "/change_cost", "greater_than_equal"),
        (shop, {"change_cost": 1e16}, "/problem/statement/keep/change_cost", "number"),
        (shop, {"pin": ["job 1"]}, "/pin", "extra_forbidden"),
        (shop, {"patch": {"problem": {"statement": {"jobs": []}}}}, "/problem/statement/jobs", "length"),
        (cut, {"change_cost": 1}, "/problem/kind", "not_replanned"),
        (shop, {"patch": {"problem": PACKING}, "change_cost": 1}, "/problem/kind", "other_kind"),
        (
            shop,
            {"patch": {"labels": [1], "problem": {"statement": 5}}, "pins": ["job 1"]},
            "/problem/statement",
            "dict_type",
        ),
        (shop, {"patch": {"problem": None}, "pins": ["job 1"]}, "/problem", "missing"),
    ]

    for job_id, body, pointer, code in cases:
        refused = await replan(world, job_id, body)
        assert refused.status_code == 422, refused.text
        assert (refused.json()["errors"][0]["pointer"], refused.json()["errors"][0]["code"]) == (pointer, code)
    assert len(world.plane.submissions) == 2


async def test_a_plan_that_is_kept_twice_pays_for_the_last_change_alone(world: RunningGateway) -> None:
    """Given costs of an assignment that hold what a change from the first plan costs, then a new cost takes its place."""
    world.plane.answer = {"assigned_to": [0, 1]}
    problem = {"kind": "assignment", "statement": {"costs": [[1, 2], [3, 1]]}}
    first = (await world.submit(body={"problem": problem}, Prefer="wait=5")).json()["id"]
    second = (await replan(world, first, {"change_cost": 5}, Prefer="wait=5")).json()["id"]
    once = last_asked(world).request
    world.plane.answer = {"assigned_to": [1, 0]}
    third = (await replan(world, second, {"change_cost": 5}, key="third", Prefer="wait=5")).json()["id"]
    assert last_asked(world).request.problem.statement == once.problem.statement, "second was kept to the first plan"

    taken = await replan(world, third, {"change_cost": 0.5}, key="fourth")

    assert taken.status_code == 202, taken.text
    assert once.problem.statement["costs"] == [[1, 7], [8, 1]]
    assert last_asked(world).request.problem.statement["costs"] == [[1.5, 2], [3, 1.5]]
    assert last_asked(world).request.labels["replan_change_cost"].startswith(f"0.5 from {third} ")


async def test_the_jobs_of_others_are_not_there_and_a_refused_question_is_not_kept(world: RunningGateway) -> None:
    first = await a_schedule(world)
    world.plane.reject = True
    refused = (await world.submit(body=a_body())).json()["id"]

    stranger = await replan(world, first, {}, tenant="globex")
    nothing = await replan(world, refused, {})

    assert (stranger.status_code, stranger.json()["code"]) == (404, "job_not_found")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "job_not_repeatable")


async def test_the_client_sends_what_is_given_and_nothing_else(world: RunningGateway) -> None:
    first = await a_schedule(world)
    transport = httpx2.ASGITransport(app=world.app)
    async with AsyncQueuebit("http://test", await world.key(), transport=transport) as queuebit:
        job = await queuebit.send(replan_of(first, patch=LATE, pins=["job 1 operation 0"], change_cost=2))
        same = await queuebit.send(replan_of(first, key="k"))

    assert (str(job.labels["replan_of"]), same.labels) == (first, {"team": "a"})
    assert [each.data.request.seed for each in world.plane.submissions] == [7, 7, 7]  # type: ignore[union-attr]
    assert replan_of(first, supersede=True) == Change(Job, "POST", f"/v1/jobs/{first}/replan", {"supersede": True})


class _Gone:
    """A ring whose keys were destroyed."""

    async def of_ids(self, key_ids: set[UUID], tenant: str) -> dict[UUID, None]:
        assert tenant == "acme"
        return dict.fromkeys(key_ids)


async def test_what_is_sealed_is_not_asked_again_and_only_what_is_erased_is_called_so(world: RunningGateway) -> None:
    world.plane.finish_at_once = False
    await world.submit()
    told = world.plane.submissions[0]
    plain = last_asked(world)
    sealed = copy_with(plain.request.problem, statement={"$sealed": f"v1.{KEY_ID}.AAAA"})
    job_id = world.parts.ids.mint()
    data = copy_with(plain, request=copy_with(plain.request, problem=sealed))
    await world.plane.take(told._replace(subject=str(job_id), data=data))

    still = await replan(world, str(job_id), {"patch": {"seed": 2}})
    by_hand = await world.submit(body=a_body(problem={"kind": "maxcut", "statement": {"$sealed": "v1.x.AAAA"}}))
    payloads = Payloads(cast("Keyring", _Gone()))
    app = create_app(replace(world.parts, payloads=payloads))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as http:
        headers = {**await world.headers(), "Idempotency-Key": "k"}
        erased = await http.post(f"/v1/jobs/{job_id}/replan", json={}, headers=headers)

    assert (still.status_code, still.json()["code"]) == (409, "job_not_repeatable")
    assert still.json()["detail"] == "The data of the job is sealed, for it is that of a subject."
    assert (erased.json()["code"], erased.json()["detail"]) == (
        "job_not_repeatable",
        "The data of this subject was erased.",
    )
    assert (by_hand.status_code, by_hand.json()["code"]) == (422, "invalid_statement")
    assert "erased" not in by_hand.text


def test_a_plan_made_again_is_solved_checked_and_told_through_all_services() -> None:
    """Given a machine that is late and a job that keeps its time, then the plan moves what it must, and its shares say so."""

    async def story(world: WholeWorld) -> None:
        await world.person("asker")
        shop = {
            "kind": "job_shop",
            "statement": {"machines": 2, "jobs": [[[0, 3], [1, 2]], [[1, 3], [0, 2]], [[1, 1]]]},
        }
        first = await world.submit("asker", problem=shop, lane="auto")
        before = await world.until("asker", first, lambda job: job["state"] == "completed")
        told = before["answer"]["start"][2][0]
        late = {"patch": {"problem": {"statement": {"jobs": [[[0, 5], [1, 2]], [[1, 3], [0, 2]], [[1, 1]]]}}}}
        body = {**late, "pins": ["job 2 operation 0"], "change_cost": 10}
        status, taken = await world.ask("asker", "POST", f"/v1/jobs/{first}/replan", body, **{"Idempotency-Key": "k"})
        assert status == 202, taken
        job = await world.until("asker", taken["id"], lambda job: job["state"] == "completed")
        shares = (await world.ask("asker", "GET", f"/v1/jobs/{job['id']}?include=shares"))[1]["shares"]

        assert job["answer"]["start"][2] == [told]
        assert (job["proven_optimal"], job["ran"]["lane"]) == (True, "classical")
        parts = {part["name"]: part["amount"] for part in shares["parts"]}
        moved = sum(
            now != then
            for mine, earlier in zip(job["answer"]["start"], before["answer"]["start"], strict=True)
            for now, then in zip(mine, earlier, strict=True)
        )
        assert parts["changes"] == 10 * moved > 0
        assert job["objective"] == sum(parts.values())

        impossible = {"problem": {"statement": {"machines": 1, "jobs": [[[0, 3]], [[0, 3]], [[0, 1]]]}}}
        keep = {"keep": {"pinned": [[0, 0, 0], [1, 0, 2]]}}
        impossible["problem"]["statement"] |= keep
        again = await world.ask(
            "asker", "POST", f"/v1/jobs/{first}/replan", {"patch": impossible}, **{"Idempotency-Key": "l"}
        )
        failed = await world.until("asker", again[1]["id"], lambda job: job["state"] == "failed")

        assert "job 0 operation 0=0 and job 1 operation 0=2, both pinned" in str(failed["failure"])

    in_the_whole_world(story)
