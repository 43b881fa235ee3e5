"""What strangers can do to the door before they have said who they are: nothing that others notice."""

from __future__ import annotations

import asyncio
import logging

import pytest

from queuebit_gateway.access.proxies import Proxies
from queuebit_gateway.http.guard import Bounds
from tests.contract.http.doors import Answer, Door, a_door
from tests.contract.http.running_gateway import a_body

NARROW = Bounds(
    connections_max=60, connections_per_address_max=40, head_timeout_s=1.0, body_timeout_s=1.0, write_timeout_s=1.0
)
PAGE = b"GET /problems/internal HTTP/1.1\r\nHost: q\r\n"


async def _is_served(door: Door) -> bool:
    return (await door.ask(PAGE + b"\r\n")).status == 200


def _is_a_problem(answer: Answer, status: int, code: str) -> bool:
    named = (answer.status, answer.code, answer.headers["content-type"]) == (status, code, "application/problem+json")
    return named and answer.headers["connection"] == "close" and bool(answer.headers["request-id"])


async def test_a_head_that_trickles_is_ended_and_others_are_served_meanwhile() -> None:
    async with a_door(NARROW) as door:
        lines = [await door.line() for _ in range(30)]

        async def trickle() -> None:
            for byte in range(10_000):
                for line in lines:
                    await line.send(PAGE[:40] if not byte else b"a")
                await asyncio.sleep(0.02)

        trickling = asyncio.create_task(trickle())
        assert await _is_served(door)
        answers = await asyncio.gather(*(line.answer() for line in lines))
        trickling.cancel()

    assert all(_is_a_problem(answer, 408, "request_timeout") for answer in answers)


async def test_a_silent_connection_is_ended_without_a_word() -> None:
    async with a_door(NARROW) as door:
        silent, blank = await door.line(), await door.line()
        await blank.send(b"\r\n\r\n")

        assert [(await line.answer()).status for line in (silent, blank)] == [0, 0]


async def test_empty_lines_do_not_keep_a_connection_that_has_been_used() -> None:
    async with a_door(NARROW, keep_alive_s=600) as door:
        line = await door.line()
        await line.send(PAGE + b"\r\n")
        assert (await line.answer()).status == 200

        await line.send(b"\r\n")

        assert await line.is_over()


@pytest.mark.parametrize("framing", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
async def test_a_body_that_does_not_come_is_ended(framing: bytes) -> None:
    async with a_door(NARROW) as door:
        key = (await door.world.key()).encode()
        head = b"POST /v1/jobs HTTP/1.1\r\nHost: q\r\nIdempotency-Key: a\r\nAuthorization: Bearer " + key + b"\r\n"

        answer = await door.ask(head + framing + b"\r\n\r\n")

        assert _is_a_problem(answer, 408, "request_timeout")
        assert await _is_served(door)


async def test_a_body_that_does_not_come_is_ended_also_behind_an_answer() -> None:
    async with a_door(NARROW) as door:
        line = await door.line()
        await line.send(b"POST /v1/jobs HTTP/1.1\r\nHost: q\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert (await line.answer()).status == 401

        async def trickle() -> None:
            while True:
                await line.send(b"1\r\na\r\n")
                await asyncio.sleep(0.05)

        trickling = asyncio.create_task(trickle())
        assert await line.is_over()
        trickling.cancel()


@pytest.mark.parametrize(
    ("request_text", "status", "code"),
    [
        (PAGE + b"".join(b"X-%d: a\r\n" % nth for nth in range(10_000)) + b"\r\n", 431, "headers_too_large"),
        (PAGE + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n", 431, "headers_too_large"),
        (PAGE + b"a" * 1_000_000 + b": b\r\n\r\n", 431, "headers_too_large"),
        (PAGE + b"".join(b"X-%d: %s\r\n" % (nth, b"a" * 400) for nth in range(90)) + b"\r\n", 431, "headers_too_large"),
        (b"GET /problems?" + b"a" * 9000 + b" HTTP/1.1\r\nHost: q\r\n\r\n", 414, "uri_too_long"),
        (b"GET /problems?" + b"a" * 1_000_000, 414, "uri_too_long"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "malformed_request"),
        (b"CONNECT q:443 HTTP/1.1\r\nHost: q\r\n\r\n", 400, "malformed_request"),
        (b"GET /\xff HTTP/1.1\r\nHost: q\r\n\r\n", 400, "malformed_request"),
    ],
    ids=["many", "long line", "long name", "large", "long uri", "endless uri", "tls", "connect", "bytes"],
)
async def test_a_head_beyond_its_bounds_is_refused_by_name(request_text: bytes, status: int, code: str) -> None:
    async with a_door(Bounds()) as door:
        answer = await door.ask(request_text)
        assert _is_a_problem(answer, status, code)
        assert await _is_served(door)


async def test_a_head_that_never_ends_is_refused_wherever_it_is_cut() -> None:
    async with a_door(Bounds()) as door:
        line = await door.line()
        await line.send(PAGE + b"X: ")
        for _ in range(200):
            await line.send(b"a" * 1000)
        answer = await line.answer()
        assert _is_a_problem(answer, 431, "headers_too_large")


async def test_connections_are_bounded_by_address_and_freed_when_they_end() -> None:
    bounds = Bounds(connections_max=60, connections_per_address_max=40)
    async with a_door(bounds) as door:
        lines = [await door.line() for _ in range(40)]
        refused = await asyncio.gather(*(door.ask(b"") for _ in range(200)))
        assert all(_is_a_problem(answer, 503, "overloaded") for answer in refused if answer.status)
        assert any(answer.status for answer in refused)
        assert {answer.headers["retry-after"] for answer in refused if answer.status} == {"2"}

        for line in lines:
            line.close()
        async with asyncio.timeout(60):
            while not await _is_served(door):  # noqa: ASYNC110 - the server ends the others when it notices
                await asyncio.sleep(0.01)


async def test_thousands_of_idle_connections_leave_room_for_the_next() -> None:
    bounds = Bounds(connections_max=60, connections_per_address_max=40, head_timeout_s=0.3)
    async with a_door(bounds, proxies=Proxies(["127.0.0.0/8"])) as door:
        most = 0
        for _ in range(20):
            for _ in range(100):
                line = await door.line()
                most = max(most, len(door.server.connections))
                if len(door.lines) > 100:
                    door.lines.pop(0).close()
                del line

        async with asyncio.timeout(60):
            while not await _is_served(door):  # noqa: ASYNC110 - the server ends the others when it notices
                await asyncio.sleep(0.01)
    assert 40 < most <= 60


async def test_requests_that_are_piled_up_on_one_connection_are_bounded() -> None:
    async with a_door(Bounds(pipelined_max=4)) as door:
        line = await door.line()
        await line.send((PAGE + b"\r\n") * 3)
        assert [(await line.answer()).status for _ in range(3)] == [200, 200, 200]

        await line.send((PAGE + b"\r\n") * 5000)

        assert await line.is_over()
        assert await _is_served(door)


@pytest.mark.parametrize("behind", [b"GET /problems HTT", b"\x16\x03\x01", PAGE + b"X: " + b"a" * 100_000])
async def test_what_is_wrong_behind_a_request_is_not_its_answer(behind: bytes) -> None:
    async with a_door(NARROW) as door:
        door.world.plane.asleep = True
        job_id = (await door.world.submit("k")).json()["id"]
        line = await door.line()

        await line.send(await door.get(f"/v1/jobs/{job_id}", "Prefer: wait=25") + behind)

        assert (await line.answer()).status == 0
        assert await _is_served(door)


async def test_a_client_that_asks_for_another_protocol_is_served_in_this_one() -> None:
    async with a_door(Bounds()) as door:
        body = str(a_body()).replace("'", '"').encode()
        upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
        key = (await door.world.key()).encode()
        head = b"POST /v1/jobs HTTP/1.1\r\nHost: q\r\nIdempotency-Key: a\r\nAuthorization: Bearer " + key + b"\r\n"
        whole = head + upgrade + b"Content-Length: %d\r\n\r\n" % len(body) + body
        chunked = head + upgrade + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        line = await door.line()

        await line.send(whole)
        first = await line.answer()
        await line.send(chunked)
        second = await line.answer()
        await line.send(whole + PAGE + b"\r\n")
        third, fourth = await line.answer(), await line.answer()

    assert [answer.status for answer in (first, second, third, fourth)] == [202, 202, 202, 200]
    assert second.headers["idempotency-replayed"] == "true"


async def test_a_body_may_come_in_small_pieces_after_its_key(caplog: pytest.LogCaptureFixture) -> None:
    """A slow caller is no attacker while it is within its time; one that leaves is no error."""
    async with a_door(Bounds()) as door:
        body = str(a_body()).replace("'", '"').encode()
        key = (await door.world.key()).encode()
        head = b"POST /v1/jobs HTTP/1.1\r\nHost: q\r\nIdempotency-Key: a\r\nAuthorization: Bearer " + key + b"\r\n"
        slow, leaving = await door.line(), await door.line()
        with caplog.at_level(logging.WARNING):
            for line in (slow, leaving):
                await line.send(head + b"Content-Length: %d\r\n\r\n" % len(body))
            for place in range(0, len(body), 5):
                await slow.send(body[place : place + 5])
                await asyncio.sleep(0)
            leaving.close()
            answer = await slow.answer()
            assert await _is_served(door)

    assert answer.status == 202
    assert caplog.records == []
