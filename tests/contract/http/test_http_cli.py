"""The command line and the clients against a real server on loopback."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from queuebit_client import AsyncQueuebit, Queuebit
from queuebit_client.errors import Conflict, KeyReused, NotFound, Unauthenticated, WaitTimeout
from tests.contract.http.running_gateway import a_body
from tests.contract.http.served import Served

DOCUMENT = {
    "id", "state", "kind", "answer", "objective", "bound", "gap", "verdict", "confidence", "ran", "cost", "reasons",
}  # fmt: skip


async def test_submit_wait_json_prints_one_document(served: Served) -> None:
    code, out, err = await served.cli(
        "submit", "problem.json", "--lane", "classical", "--seed", "1", "--wait", "--json"
    )

    document = json.loads(out)
    assert (code, err) == (0, "")
    assert document.keys() >= DOCUMENT
    assert (document["state"], document["verdict"], document["objective"], document["confidence"]) == (
        "completed", "accepted", 1, 1.0,
    )  # fmt: skip
    (envelope,) = served.world.plane.submissions
    assert envelope.data.request.seed == 1  # type: ignore[union-attr]


async def test_submit_prints_the_job_id_alone(served: Served) -> None:
    code, out, _ = await served.cli("submit", "-", "--key", "k", stdin=json.dumps(a_body()))
    again = await served.cli("submit", "-", "--key", "k", stdin=json.dumps(a_body()))

    assert code == 0
    assert UUID(out.strip()).version == 7
    assert again[1] == out


async def test_submit_reads_statements_and_formats_of_the_field(served: Served) -> None:
    (served.home / "statement.json").write_text(json.dumps(a_body()["problem"]["statement"]))
    (served.home / "graph.mc").write_text("3 3\n1 2 1\n2 3 1\n1 3 1\n")

    bare = await served.cli("submit", "statement.json", "--kind", "maxcut", "--wait", "--json")
    field = await served.cli("submit", "graph.mc", "--kind", "maxcut", "--wait", "--json")

    assert (bare[0], field[0]) == (0, 0), field[2]
    problems = [envelope.data.request.problem for envelope in served.world.plane.submissions]  # type: ignore[union-attr]
    assert problems[0].statement["nodes"] == problems[1].statement["nodes"] == 3


async def test_submit_without_a_terminal_prints_plain_lines(served: Served) -> None:
    code, out, _ = await served.cli("submit", "problem.json", "--wait")
    assert code == 0
    assert "verdict: accepted\n" in out
    assert "\x1b" not in out


async def test_show_events_explain_list_kinds(served: Served) -> None:
    job_id = (await served.cli("submit", "problem.json", "--wait", "--json"))[1]
    job_id = json.loads(job_id)["id"]

    shown = json.loads((await served.cli("show", job_id, "--json"))[1])
    events = [json.loads(line) for line in (await served.cli("events", job_id))[1].splitlines()]
    watched = [json.loads(line) for line in (await served.cli("watch", job_id, "--after", "6"))[1].splitlines()]
    explained = (await served.cli("explain", job_id))[1]
    listed = (await served.cli("list", "--state", "completed"))[1]
    listed_json = [json.loads(line) for line in (await served.cli("list", "--json", "--all"))[1].splitlines()]
    example = json.loads((await served.cli("--url", served.url, "kinds", "example", "maxcut"))[1])
    schema = (await served.cli("--url", served.url, "kinds", "show", "maxcut"))[1]

    assert (shown["id"], shown["plan"]["inputs"]) == (job_id, {"n": 6})
    assert [event["streamversion"] for event in events] == list(range(1, 9))
    assert [event["type"] for event in watched] == ["io.queuebit.ResultValidated.v1", "io.queuebit.JobCompleted.v1"]
    assert "reason: proved" in explained
    assert listed.split("\t")[:3] == [job_id, "completed", "maxcut"]
    assert [job["id"] for job in listed_json] == [job_id]
    assert example["kind"] == "maxcut"
    assert (await served.cli("kinds", "show", "maxcut"))[1] == schema
    assert (await served.cli("kinds", "list"))[1] == (await served.cli("--url", served.url, "kinds", "list"))[1]
    assert (await served.cli("version"))[1].startswith("queuebit ")


async def test_exit_codes(served: Served) -> None:
    missing = "01890000-0000-7000-8000-000000000000"
    done = json.loads((await served.cli("submit", "problem.json", "--wait", "--json", "--key", "k"))[1])["id"]
    served.world.plane.finish_at_once = False
    (served.home / "other.json").write_text(json.dumps(a_body(seed=9)))
    (served.home / "bad.json").write_text('{"kind": "maxcut", "statement": {"nodes": -1}}')
    (served.home / "broken.json").write_text('{"kind":')
    cases: dict[tuple[str, ...], tuple[int, str]] = {
        ("show", missing): (3, "job_not_found"),
        ("kinds", "show", "nothing"): (3, "kind_not_found"),
        ("--url", served.url, "kinds", "show", "nothing"): (3, "kind_not_found"),
        ("submit", "other.json", "--key", "k"): (6, "idempotency_key_reused"),
        ("cancel", done): (6, "job_ended"),
        ("submit", "bad.json"): (2, "/problem/statement/nodes"),
        ("submit", "broken.json"): (2, "not valid JSON"),
        ("submit", "absent.json"): (2, "No such file"),
        ("submit", "problem.json", "--kind", "qubo"): (2, "--kind says qubo"),
        ("submit", "problem.json", "--param", "x"): (2, "name=value"),
        ("submit", "problem.json", "--wait", "--timeout-s", "0.2"): (5, "it goes on"),
        ("nothing",): (2, "No such command"),
        ("submit",): (2, "FILE"),
        ("--profile", "absent", "list"): (2, "no profile"),
    }
    for words, (code, text) in cases.items():
        found, out, err = await served.cli(*words)
        assert (found, out) == (code, ""), (words, out, err)
        assert text in err, (words, err)
    assert (await served.cli("list", QUEUEBIT_API_KEY="nonsense"))[0] == 4
    assert (await served.cli("submit", "problem.json", QUEUEBIT_API_KEY=await served.world.key("acme", "viewer")))[
        0
    ] == 4
    code, _, err = await served.cli("list", QUEUEBIT_URL="http://127.0.0.1:1")
    assert (code, "Remedy:" in err) == (8, True)


async def test_a_job_without_an_accepted_answer_is_exit_1(served: Served) -> None:
    served.world.plane.reject = True
    code, out, _ = await served.cli("submit", "problem.json", "--wait", "--json")
    assert (code, json.loads(out)["rejection"]["code"]) == (1, "unknown_tenant")


async def test_configuration(served: Served) -> None:
    stored = await served.cli("config", "set", "url", served.url, QUEUEBIT_URL="", QUEUEBIT_API_KEY="")
    await served.cli("config", "set", "api_key", "-", stdin=f"{served.key}\n", QUEUEBIT_URL="", QUEUEBIT_API_KEY="")
    path = served.home / ".config/queuebit/config.toml"
    used = await served.cli("list", QUEUEBIT_URL="", QUEUEBIT_API_KEY="")
    shown = await served.cli("config", QUEUEBIT_URL="", QUEUEBIT_API_KEY="")
    path.chmod(0o644)
    refused = await served.cli("list", QUEUEBIT_URL="", QUEUEBIT_API_KEY="")

    assert (stored[0], used[0]) == (0, 0), used
    assert served.key[20:] not in shown[1] + shown[2]
    assert "profile default" in shown[1]
    assert (refused[0], "chmod 600" in refused[2]) == (2, True)


async def test_a_local_stack_is_found_but_never_mixed(served: Served) -> None:
    folder = served.home / ".queuebit"
    folder.mkdir()
    (folder / "client.json").write_text(json.dumps({"url": served.url, "api_key": served.key}))

    assert (await served.cli("list", QUEUEBIT_URL="", QUEUEBIT_API_KEY=""))[0] == 0
    mixed = await served.cli("config", "--json", QUEUEBIT_URL="", QUEUEBIT_API_KEY="mine-and-secret-0001")
    assert json.loads(mixed[1])["url_from"] == "default"


async def test_clients_do_the_same(served: Served) -> None:
    problem: dict[str, Any] = a_body()["problem"]

    def synchronous() -> tuple[Any, ...]:
        with Queuebit(served.url, served.key) as client:
            job = client.submit(problem, lane="classical", key="k1")
            done = client.wait(job.id, timeout_s=60)
            names = [event.name for event in client.watch(job.id)]
            listed = [line.id for line in client.list(kind=["maxcut"])]
            return done.answer, names, job.id in listed, client.explain(job.id).plan, client.kind("maxcut").name

    async with AsyncQueuebit(served.url, served.key) as client:
        job = await client.submit(problem, lane="classical", key="k2")
        done = await client.wait(job.id, timeout_s=60)
        names = [event.name async for event in client.watch(job.id)]
        listed = [line.id async for line in client.list(kind=["maxcut"])]
        asynchronous = (
            done.answer, names, job.id in listed, (await client.explain(job.id)).plan, (await client.kind("maxcut")).name,
        )  # fmt: skip
        with pytest.raises(KeyReused):
            await client.submit(problem, seed=5, key="k2")
        with pytest.raises(Conflict):
            await client.cancel(job.id)
        with pytest.raises(NotFound):
            await client.get("nothing")
        assert len(await client.events(job.id)) == 8
        served.world.plane.finish_at_once = False
        live = await client.submit(problem)
        with pytest.raises(WaitTimeout):
            await client.wait(live.id, timeout_s=0.05)
        await client.cancel(live.id, reason="test")
        assert (await client.wait(live.id)).state == "cancelled"

    served.world.plane.finish_at_once = True
    assert asynchronous == await asyncio.to_thread(synchronous)
    async with AsyncQueuebit(served.url, "nonsense") as stranger:
        with pytest.raises(Unauthenticated):
            await stranger.get(job.id)


async def test_a_watch_survives_restarts_without_gap_or_repeat(served: Served) -> None:
    served.world.plane.finish_at_once = False
    async with AsyncQueuebit(served.url, served.key) as client:
        job = await client.submit(a_body()["problem"])
        seen: list[int] = []
        third = asyncio.Event()

        async def follow() -> None:
            async for event in client.watch(job.id):
                seen.append(event.version)
                if event.version == 3:
                    third.set()

        following = asyncio.create_task(follow())
        await asyncio.wait_for(third.wait(), 60)
        await served.restart()
        await served.world.plane.finish(job.id)
        await asyncio.wait_for(following, 60)

    assert seen == list(range(1, 9))


async def test_stopping_does_not_wait_for_open_streams(served: Served) -> None:
    served.world.plane.finish_at_once = False
    async with AsyncQueuebit(served.url, served.key) as client:
        job = await client.submit(a_body()["problem"])
        events = client.watch(job.id)
        assert (await anext(events)).name == "JobSubmitted"
        await asyncio.wait_for(served.server.stop(), 60)
        await events.aclose()  # type: ignore[attr-defined]
