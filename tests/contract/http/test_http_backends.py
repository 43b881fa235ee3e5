"""Backends over HTTP, by the client and on the command line: what each can do, and an old report never as how it is."""

from __future__ import annotations

import json

import pytest

from queuebit_client import AsyncQueuebit
from queuebit_store.backends.port import ReportedBackend
from tests.contract.http.served import Served
from tests.contract.http.told_backends import CAN, DRIFT, fill


async def test_each_backend_is_told_with_its_queue_its_calibration_and_our_history(served: Served) -> None:
    await fill(served.world)

    async with AsyncQueuebit(served.url, await served.world.key()) as client:
        listed = {each.name: each for each in await client.backends()}
        one = await client.backend("ibm_b")

    assert list(listed) == ["aer", "ibm_b", "ibm_old"]
    assert {name: each.state for name, each in listed.items()} == {
        "aer": "unavailable",
        "ibm_b": "available",
        "ibm_old": "stale",
    }
    assert (one.queue_length, one.capabilities, one.calibration) == (7, CAN, listed["ibm_b"].calibration)
    assert one.calibration_age_s == pytest.approx(3 * 3600, abs=60)
    assert one.runs is not None
    assert (one.runs.count, one.runs.wait_s_median, one.runs.turnaround_s_median) == (1, 60.0, 62.5)
    assert (listed["ibm_old"].queue_length, listed["ibm_old"].runs) == (None, None)
    assert (one.drift, listed["aer"].drift) == (DRIFT, None)


async def test_its_own_words_and_how_much_ran_there_are_for_those_who_run_it(served: Served) -> None:
    await fill(served.world)
    told = {}
    for role in ("viewer", "submitter", "operator", "admin"):
        async with AsyncQueuebit(served.url, await served.world.key("acme", role)) as client:
            one = await client.backend("ibm_b")
            assert one.runs is not None
            told[role] = (one.detail, one.runs.total, one.runs.failed, one.runs.last_at is not None)

    nothing, all_of_it = (None, None, None, False), ("active", 5, 1, True)
    assert told == {"viewer": nothing, "submitter": nothing, "operator": all_of_it, "admin": all_of_it}


async def test_words_of_a_newer_worker_are_left_out_and_the_others_are_told(served: Served) -> None:
    """Given reports with a part and with a lane that this version does not know, then all backends but the latter are shown."""
    await fill(served.world)
    now, kept = served.world.clock.now(), served.world.store.database.backends
    newer = {"backend": "new", "lane": "quantum", "available": True, "queue_length": 2, "later": 1}
    capabilities = {**kept["ibm_b"].status["capabilities"], "noise": {"a": "form of tomorrow"}}
    await served.world.store.keep_reports(
        [
            ReportedBackend("new", now, {**newer, "capabilities": capabilities}),
            ReportedBackend("strange", now, {**newer, "backend": "strange", "lane": "telepathy"}),
        ]
    )

    async with AsyncQueuebit(served.url, await served.world.key()) as client:
        listed = {each.name: (each.queue_length, each.capabilities) for each in await client.backends()}

    assert sorted(listed) == ["aer", "ibm_b", "ibm_old", "new"]
    assert (listed["new"], listed["ibm_b"]) == ((2, None), (7, CAN))


async def test_a_backend_that_is_not_there_is_said_to_be_so(served: Served) -> None:
    headers = await served.world.headers()

    missing = await served.world.http.get("/v1/backends/nothing", headers=headers)

    assert (missing.status_code, missing.json()["code"]) == (404, "backend_not_found")


async def test_the_command_line_sets_them_side_by_side(served: Served) -> None:
    await fill(served.world)

    listed = (await served.cli("backends", "list"))[1]
    compared = dict(line.split("\t", 1) for line in (await served.cli("backends", "compare"))[1].splitlines())
    one = (await served.cli("backends", "show", "ibm_b"))[1]
    as_json = json.loads((await served.cli("backends", "compare", "ibm_b", "--json"))[1])
    code, out, err = await served.cli("backends", "show", "nothing")

    assert listed.splitlines()[1].split("\t") == ["ibm_b", "quantum", "available", "127", "7", "3 h", "1 min"]
    assert listed.splitlines()[2].split("\t")[2].startswith("stale: last heard 5.0")
    assert compared["can a lost answer be reconciled?"].split("\t") == [
        "unknown",
        "yes: looked for behind a closed fence",
        "unknown",
    ]
    assert compared["queue"].split("\t") == ["unknown", "7", "unknown"]
    assert "can a lost answer be reconciled?\tyes: looked for behind a closed fence\n" in one
    assert "drifted\tyes since 2026-02-28 21:00 (6.2 of 5)\n" in one
    assert compared["survival of the last probe"].split("\t") == ["unknown", "0.780", "unknown"]
    assert [each["name"] for each in as_json] == ["ibm_b"]
    assert (code, out) == (3, "")
    assert "aer, ibm_b, ibm_old" in err


async def test_nobody_has_reported(served: Served) -> None:
    code, out, err = await served.cli("backends", "list")

    assert (code, out) == (0, "")
    assert "No backend has reported" in err
