"""Keys that do not open harm nobody whose key does, and nothing that a stranger names is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from queuebit_gateway.access.lookups import KeyLookup
from queuebit_gateway.access.rate_limits import RATES, Rate
from queuebit_runtime.errors import BusError
from queuebit_store.directory.keys import make_key
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import ApiKeyRow
from tests.contract.http.running_gateway import RunningGateway, a_world

STRICT = {**RATES, "auth": Rate(per_s=0.001, burst=5)}


class SlowDirectory:
    """Counts the calls, each of which takes a while."""

    def __init__(self, store: MemoryStore) -> None:
        self._store, self.calls, self.most = store, 0, 0

    async def find_keys(self, key_ids: Sequence[str]) -> dict[str, ApiKeyRow]:
        self.calls += 1
        self.most = max(self.most, len(key_ids))
        await asyncio.sleep(0.002)
        return await self._store.find_keys(key_ids)


def _strange(nth: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_key(1000 + nth, 10**50 + nth)}"}


async def test_a_burst_of_bad_keys_shuts_out_no_good_key_behind_the_same_address() -> None:
    async with a_world(STRICT) as world:
        warm, cold = await world.headers("acme"), await world.headers("globex")
        await world.http.get("/v1/jobs", headers=warm)

        bad = await asyncio.gather(*(world.http.get("/v1/jobs", headers=_strange(nth)) for nth in range(300)))
        good = [await world.http.get("/v1/jobs", headers=each) for each in (warm, cold)]
        no_key = await world.http.get("/v1/jobs")

    statuses = [answer.status_code for answer in bad]
    assert (statuses.count(401), statuses.count(429)) == (5, 295)
    assert [answer.status_code for answer in good] == [200, 200]
    assert (no_key.status_code, no_key.json()["code"]) == (429, "rate_limited")
    assert int(no_key.headers["retry-after"]) >= 1


async def test_look_ups_of_unknown_keys_share_calls_and_push_out_no_known_key(world: RunningGateway) -> None:
    key_id = (await world.key())[8:16]
    directory = SlowDirectory(world.store)
    lookup = KeyLookup(directory.find_keys, world.clock, keys_max=50)
    assert await lookup.find(key_id) is not None

    await asyncio.gather(*(lookup.find(f"{nth:08d}") for nth in range(2000)))
    calls = directory.calls
    known = await lookup.find(key_id)
    missed = await lookup.find("00001999")

    assert (known is not None, missed, directory.calls) == (True, None, calls)
    assert (calls <= 7, directory.most) == (True, 500)


async def test_a_known_key_is_looked_up_again_past_a_queue_of_unknown_ones(world: RunningGateway) -> None:
    key_id = (await world.key())[8:16]
    directory = SlowDirectory(world.store)
    lookup = KeyLookup(directory.find_keys, world.clock)
    await lookup.find(key_id)
    world.clock.moved_s = 6.0

    strangers = [asyncio.create_task(lookup.find(f"{nth:08d}")) for nth in range(5000)]
    await asyncio.sleep(0)
    assert await lookup.find(key_id) is not None
    still_waiting = sum(not task.done() for task in strangers)
    await asyncio.gather(*strangers)

    assert still_waiting > 3000


@pytest.mark.parametrize("path", ["/v1/jobs/", "/v1/kinds/", "/problems/", "/v1//jobs", "/v1/jobs//", "/"])
async def test_nothing_redirects_and_nothing_repeats_the_host(world: RunningGateway, path: str) -> None:
    headers = await world.headers(Host="evil.example", **{"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "x"})
    answers = [await world.http.get(each, headers=headers) for each in (path, "/openapi.json", "/v1/jobs")]

    assert [answer.status_code for answer in answers] == [404, 200, 200]
    assert not any("evil" in answer.text or "location" in answer.headers for answer in answers)


async def test_a_bus_that_cannot_take_it_now_is_told_with_when_to_come_again(world: RunningGateway) -> None:
    async def cannot(_records: object) -> None:
        raise BusError("The broker did not answer in time.")

    world.parts.submitter._bus.publish = cannot  # type: ignore[method-assign, assignment]
    answer = await world.submit("k")

    assert (answer.status_code, answer.json()["code"], answer.json()["retry"]) == (
        503,
        "service_unavailable",
        "same_request",
    )
    assert int(answer.headers["retry-after"]) >= 1


async def test_tags_are_read_as_lists_over_several_lines(world: RunningGateway) -> None:
    job = (await world.submit("k", Prefer="wait=5")).json()
    url, headers = f"/v1/jobs/{job['id']}", list((await world.headers()).items())

    async def status(*tags: str) -> int:
        more = [("If-None-Match", tag) for tag in tags]
        return (await world.http.get(url, headers=[*headers, *more])).status_code

    assert [await status(*tags) for tags in (['W/"8"'], ['"1"', '"8"'], ["*"], ['"7"'], [])] == [
        304,
        304,
        304,
        200,
        200,
    ]
    cancelled = [
        (await world.http.post(f"{url}/cancel", headers=[*headers, ("If-Match", tag)])).status_code
        for tag in ('W/"8"', '"7"', "8", '"8"', "*")
    ]
    assert cancelled == [412, 412, 422, 409, 409]
