"""Projections on a real PostgreSQL: filled beside writers that commit late, killed on the way, switched, asked, verified."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from uuid import UUID

from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_operations.projections.running import keep_running
from queuebit_operations.projections.scan import opened_projected
from queuebit_operations.verification.findings import Finding
from queuebit_operations.verification.projected import verify_projections
from queuebit_runtime.clock import SystemClock
from queuebit_store.postgres import PostgresSettings
from queuebit_store.projections.runner import ProjectionRunner
from tests.contract.store.builders import an_id
from tests.fakes.histories import a_job_id, answered, cancelled, tell_jobs
from tests.fakes.told_jobs import told_jobs
from tests.integration.operations.conftest import Ops
from tests.integration.operations.world import World

WHY = ("--apply", "--reason", "a test")
KILLED = """
import asyncio, os, sys
from queuebit_store.postgres import PostgresStore, settings_from
from queuebit_store.projections.runner import ProjectionRunner
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_runtime.clock import SystemClock

async def main():
    async with await PostgresStore.open(settings_from(os.environ)) as store:
        clock, (build,) = SystemClock(), [each for each in await store.builds() if each.state == "building"]
        runner = ProjectionRunner(store, PROJECTIONS, holder="killed", now=clock.now, monotonic_s=clock.monotonic_s,
                                  states=("building",))
        for _ in range(3):
            await runner.step(limit=5)
        os.kill(os.getpid(), 9)

asyncio.run(main())
"""


async def findings_of(world: World) -> list[Finding]:
    found: list[Finding] = []
    async with opened_projected(PostgresSettings(world.stack.postgres, namespace=world.namespace)) as scan:
        await verify_projections(scan, await scan.builds(), found.append, on_rows=lambda _rows: None)
    return found


async def caught_up(world: World) -> Counter[str]:
    return await keep_running(world.store, SystemClock(), holder="test", once=True)


async def test_what_commits_late_is_taken_too_and_two_runners_take_each_event_once(world: World) -> None:
    store, clock = world.store, SystemClock()
    runners = [
        ProjectionRunner(store, PROJECTIONS, holder=name, now=clock.now, monotonic_s=clock.monotonic_s) for name in "ab"
    ]
    await runners[0].prepare()
    stop = asyncio.Event()

    async def run(runner: ProjectionRunner, limit: int) -> Counter[str]:
        taken = Counter[str]()
        while not stop.is_set():
            taken.update((await runner.step(limit=limit)).events)
            await runner.release()
        return taken

    running = [asyncio.ensure_future(run(runner, limit)) for runner, limit in zip(runners, (3, 50), strict=True)]
    random, waiting = Random(1), list[asyncio.Task[list[bool]]]()
    async with world.admin.transaction():
        await world.admin.execute("INSERT INTO tenant VALUES ('late', now())")
        for nth, append in enumerate(told_jobs(random, jobs=30)):
            waiting.append(asyncio.ensure_future(store.append([append])))
            await waiting[-1]
            if nth == 20:
                assert all(each.cursor.xid == 0 for each in await store.builds()), "the horizon is held"
    while (await store.backlog("projection/job_list_v1")).count:  # noqa: ASYNC110 - the store tells nobody
        await asyncio.sleep(0.01)
    stop.set()
    taken = sum(await asyncio.gather(*running), Counter[str]())
    await caught_up(world)

    assert await findings_of(world) == []
    events = {each.name: each.events for each in await store.builds()}
    stored = [event for events in (await store.load(await _ids(world))).values() for event in events]
    assert events == {each.name: sum(event.type in each.types for event in stored) for each in PROJECTIONS}
    assert taken <= Counter(events)


async def _ids(world: World) -> list[UUID]:
    return [row["stream_id"] for row in await world.admin.fetch("SELECT stream_id FROM stream WHERE category = 'job'")]


async def test_a_build_is_filled_killed_gone_on_with_switched_to_and_the_former_dropped(ops: Ops, world: World) -> None:
    job_ids = await tell_jobs(world.store, range(10))
    await tell_jobs(world.store, range(10, 14), then=[])
    await caught_up(world)
    would = await ops("projections", "rebuild", "job_list")
    refused = await ops("projections", "switch", "job_list", *WHY)
    unnamed = await ops("projections", "rebuild", "job_list", "--apply")
    assert (would.code, refused.code, unnamed.code) == (0, 3, 2)
    assert "begin a build of version 1" in would.out
    assert len(await world.store.builds()) == len(PROJECTIONS)

    await world.store.create_build(PROJECTIONS[0], live=False)
    killed = await ops.python("-c", KILLED)
    assert killed.code == -9, killed.err
    (building,) = [each for each in await world.store.builds() if each.state == "building"]
    assert building.events == 15
    busy = await ops("projections", "rebuild", "job_list", *WHY)
    assert (busy.code, "another process" in busy.err) == (6, True)
    await world.admin.execute("UPDATE lease SET expires_at = now() WHERE holder = 'killed'")
    filled = await ops("projections", "rebuild", "job_list", *WHY, "--json")
    assert filled.code == 0, filled.err
    assert (filled.document["build"], filled.document["events_read"]) == ("job_list_v1_2", 10 * 7 + 4 * 3 - 15)
    await tell_jobs(world.store, range(14, 16), then=cancelled(job_ids[0]))
    switched = await ops("projections", "switch", "job_list", *WHY)
    assert switched.code == 0, switched.err
    shown = await ops("projections", "show", "job_list", "--json")
    dropped = await ops("projections", "drop", "job_list_v1", *WHY, "--json")
    live = await ops("projections", "drop", "job_list_v1_2", *WHY)

    assert [each["state"] for each in shown.document["builds"]] == ["retired", "live"]
    assert (dropped.document["state"], live.code) == ("dropped", 6)
    assert await world.admin.fetchval("SELECT count(*) FROM projection_job_list") == 16
    assert await world.admin.fetchval("SELECT to_regclass('projection_job_list_v1')") is None
    listed = await ops("operations", "list", "--json")
    recorded = {each["verb"]: (each["reason"], each["state"]) for each in listed.document["operations"]}
    assert recorded["projections drop"] == ("a test", "done")
    assert recorded["projections switch"] == ("a test", "done")


async def test_a_rebuild_is_cancelled_from_elsewhere_and_takes_over_when_it_is_told_to(ops: Ops, world: World) -> None:
    await tell_jobs(world.store, range(20))
    await caught_up(world)
    slow = asyncio.ensure_future(ops.process("projections", "rebuild", "usage", *WHY, "--rate", "1", "--json"))
    while not (listed := (await ops("operations", "list", "--json")).document["operations"]):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    cancelled_one = await ops("operations", "cancel", listed[0]["operation"], "--reason", "not now")
    said = await slow
    assert (cancelled_one.code, said.code) == (0, 0)
    over = await ops("projections", "rebuild", "usage", *WHY, "--then-switch", "--json")
    assert (over.code, over.document["state"]) == (0, "live"), over.err
    assert await findings_of(world) == []


async def test_what_is_asked_is_answered_from_them(ops: Ops, world: World) -> None:
    now = SystemClock().now()
    nobody = await ops("usage")
    assert (nobody.code, "Nobody has built" in nobody.err) == (3, True)
    await tell_jobs(world.store, range(3), began_at=now)
    await tell_jobs(world.store, range(3, 5), began_at=now, then=[], tenant="other")
    started = answered(a_job_id(5, now))[:1]
    await tell_jobs(world.store, [5], began_at=now, then=started)
    assert (await ops("projections", "run", "--once")).code == 0

    backlog = (await ops("backlog", "--json", "--by", "tenant")).document
    usage = (await ops("usage", "--json", "--days", "2")).document
    jobs = (await ops("jobs", "list", "--json", "--state", "completed", "--order", "cost")).document
    none = (await ops("jobs", "list", "--json", "--label", "team=red")).document
    words = [await ops(*verb) for verb in (("backlog",), ("usage",), ("jobs", "list"), ("projections", "list"))]

    groups = {(each["tenant"], each["state"]): each["jobs"] for each in backlog["groups"]}
    assert (backlog["open"], groups) == (3, {("other", "queued"): 2, ("acme", "running"): 1})
    counts = Counter(
        (each["tenant"], name) for each in usage["days"] for name, n in each["jobs"].items() for _ in range(n)
    )
    assert counts == {("acme", "submitted"): 4, ("acme", "completed"): 3, ("other", "submitted"): 2}
    assert (len(jobs["jobs"]), none["jobs"], backlog["behind"]) == (3, [], 0)
    assert [each.code for each in words] == [0, 0, 0, 0]
    assert (await ops("jobs", "list", "--order", "luck")).code == 2


async def test_each_planted_corruption_is_found(ops: Ops, world: World) -> None:
    job_ids = await tell_jobs(world.store, range(6))
    (open_id,) = await tell_jobs(world.store, [6], began_at=SystemClock().now(), then=[])
    await world.relay()
    await caught_up(world)
    assert (await ops("verify", "--json")).document["findings"] == []

    await world.admin.execute("UPDATE projection_job_list_v1 SET state = 'failed' WHERE job_id = $1", job_ids[0])
    await world.admin.execute("DELETE FROM projection_job_list_v1 WHERE job_id = $1", job_ids[1])
    await world.admin.execute("UPDATE projection_job_list_v1 SET job_id = $2 WHERE job_id = $1", job_ids[2], an_id(9))
    await world.admin.execute("DELETE FROM projection_backlog_v1 WHERE job_id = $1", open_id)
    await world.admin.execute("UPDATE projection_usage_v2 SET shots = shots + 1")
    await world.admin.execute(
        "UPDATE cursor SET seq = seq + 100000, xid = '99999999' WHERE name = 'projection/usage_v2'"
    )
    said = await ops("verify", "--json")

    assert said.code == 1
    by_check = {each["check"]: each for each in said.document["findings"]}
    assert set(by_check) == {"projection_differs", "cursor_ahead"}
    subjects = {each["subject"] for each in by_check["projection_differs"]["examples"]}
    assert by_check["projection_differs"]["count"] >= 6, "usage has a row for each day"
    assert f"job_list_v1 {job_ids[0]}" in subjects
