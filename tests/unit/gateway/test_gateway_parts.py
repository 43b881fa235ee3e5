"""The pure parts of the gateway, one by one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from queuebit_contracts.jobs import BODY_BYTES_MAX
from queuebit_gateway.access.rate_limits import Limiter, Rate
from queuebit_gateway.batching import Batcher
from queuebit_gateway.http.parsing import is_deeper, parse_object
from queuebit_gateway.http.requests import read_key, read_wait_s
from queuebit_gateway.http.tracing import traceparent_of
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.cursors import PageCursors
from queuebit_store.directory.keys import make_key, parse_key
from queuebit_store.ports import Place

JOB = UUID("01890000-0000-7000-8000-000000000001")


@given(st.integers(0, 2**47 - 1), st.integers(0, 2**256 - 1))
def test_keys_survive_their_text(id_bits: int, secret_bits: int) -> None:
    text = make_key(id_bits, secret_bits)
    parsed = parse_key(text)
    assert parsed is not None
    assert (len(text), parsed.key_id, parsed.secret) == (66, text[8:16], text[17:60])


@given(st.integers(8, 65), st.sampled_from("0Aa9zZ"))
def test_one_wrong_character_is_found(place: int, wrong: str) -> None:
    text = make_key(5, 7)
    changed = text[:place] + wrong + text[place + 1 :]
    assert (parse_key(changed) is None) == (changed != text)


@given(st.text(max_size=80))
def test_other_text_is_no_key(text: str) -> None:
    assert parse_key(text) is None


@given(
    st.builds(Place, st.datetimes(timezones=st.just(UTC)), st.uuids()),
    st.sampled_from(["acme", "globex"]),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)
def test_cursors_survive_their_text(place: Place, tenant: str, filters: dict[str, str]) -> None:
    cursors = PageCursors(b"secret")
    assert cursors.read(cursors.make(place, tenant, filters), tenant, filters) == place


@given(st.integers(0, 500), st.integers(1, 255))
def test_a_changed_cursor_is_refused(place: int, change: int) -> None:
    from base64 import urlsafe_b64decode, urlsafe_b64encode

    raw = bytearray(
        urlsafe_b64decode(PageCursors(b"secret").make(Place(datetime(2026, 1, 1, tzinfo=UTC), JOB), "acme", {}) + "==")
    )
    raw[place % len(raw)] ^= change
    with pytest.raises(Refusal, match="not one of ours"):
        PageCursors(b"secret").read(urlsafe_b64encode(bytes(raw)).decode(), "acme", {})


@given(st.text(max_size=100))
def test_any_text_as_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        PageCursors(b"secret").read(text, "acme", {})


def test_a_limit_lets_a_burst_through_and_then_its_rate() -> None:
    limiter = Limiter({"read": Rate(per_s=2, burst=3), "submit": Rate(1, 1), "stream": Rate(1, 1), "auth": Rate(1, 1)})
    passed = [limiter.check("a", "read", now_s).allowed for now_s in (0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 1.0)]
    assert passed == [True, True, True, False, True, False, True]
    assert limiter.check("b", "read", 1.0).allowed
    assert limiter.check("a", "read", 1.0).retry_after_s == pytest.approx(0.5)


@given(st.lists(st.floats(0, 0.3), min_size=50, max_size=200))
def test_a_limit_holds_over_any_time(gaps: list[float]) -> None:
    limiter = Limiter({"read": Rate(per_s=10, burst=5), "submit": Rate(1, 1), "stream": Rate(1, 1), "auth": Rate(1, 1)})
    now_s, passed = 0.0, 0
    for gap in gaps:
        now_s += gap
        passed += limiter.check("a", "read", now_s).allowed
    assert passed <= 5 + 10 * now_s + 1e-6


def test_a_limiter_forgets_the_least_recent() -> None:
    limiter = Limiter({"read": Rate(1, 1), "submit": Rate(1, 1), "stream": Rate(1, 1), "auth": Rate(1, 1)}, keys_max=2)
    for key in ("a", "b", "c"):
        limiter.check(key, "read", 0.0)
    assert [limiter.check(key, "read", 0.0).allowed for key in ("c", "b", "a")] == [False, False, True]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(body: bytes) -> None:
    status = 200
    try:
        parse_object(body)
    except Refusal as refusal:
        status = refusal.problem.status
    assert status in (200, 400, 422)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 1}',
        '{"problem": {"statement": {"capacity": 5, "capacity": 50}}}',
        '{"a": [{"b": "x:y", "b": ":"}]}',
        '{"a": {"b": 1, "b": 2}, "c": "\\u003a"}',
        '{"a:": 1, "a\\u003a": 2}',
    ],
)
def test_a_name_that_stands_twice_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="stands twice in one object"):
        parse_object(text.encode())


@given(
    st.dictionaries(
        st.text(":u0\\a", max_size=3), st.recursive(st.text(':"\\a'), lambda each: st.lists(each, max_size=3))
    )
)
def test_names_that_stand_once_are_read_whatever_they_hold(value: dict[str, Any]) -> None:
    assert parse_object(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("text", "depth"), [("1", 0), ("[]", 1), ('{"a": [1]}', 2), ('{"[[[\\"[": "{{"}', 1), ("[1, [[2], {}], [3]]", 3)]
)
def test_depth_counts_objects_and_arrays(text: str, depth: int) -> None:
    assert [is_deeper(json.loads(text), levels) for levels in range(5)] == [depth > levels for levels in range(5)]


_HOSTILE: dict[str, tuple[bytes, str]] = {
    "an unterminated string of escaped quotes": (b'{"a": "' + b'\\"' * 1_900_000, "malformed_json"),
    "brackets without end": (b"[" * BODY_BYTES_MAX, "nested_too_deep"),
    "objects without end": (b'{"a":' * 700_000, "nested_too_deep"),
    "deep, and not JSON at its end": (b"[" * 900 + b"]" * 899 + b",", "malformed_json"),
    "deep, and not finite": (b"[" * 900 + b"NaN" + b"]" * 900, "nested_too_deep"),
    "a number without end": (b'{"a": ' + b"7" * 3_800_000 + b"}", "invalid_request"),
    "names of names": (b'{"%s":' % (b"x" * 100_000) * 30 + b"[" + b"NaN," * 200_000 + b"1]" + b"}" * 30, "number_not_finite"),
    "minus signs": (b"-" * BODY_BYTES_MAX, "malformed_json"),
}  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("body", "code"), _HOSTILE.values(), ids=_HOSTILE)
def test_hostile_bodies_of_the_largest_size_are_refused_in_linear_time(body: bytes, code: str) -> None:
    """Each takes a moment; what is quadratic would take hours."""
    with pytest.raises(Refusal) as refused:
        parse_object(body)
    assert refused.value.problem.code == code


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("abc", "abc"),
        ('"abc"', "abc"),
        ('"a\\"b\\\\c"', 'a"b\\c'),
        ("01890000-0000-7000-8000-00000000ABCD", "01890000-0000-7000-8000-00000000abcd"),
        ("x" * 255, "x" * 255),
    ],
)
def test_idempotency_keys(header: str, key: str) -> None:
    assert read_key(header) == key


@pytest.mark.parametrize(
    ("prefer", "wait_s"),
    [(None, None), ("", None), ("wait=10", 10.0), ("respond-async, wait=3", 3.0), ("wait=100", 25.0), ("wait=x", None)],
)
def test_preferences(prefer: str | None, wait_s: float | None) -> None:
    assert read_wait_s(prefer) == wait_s


GIVEN_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        (GIVEN_TRACE, GIVEN_TRACE),
        (f" {GIVEN_TRACE} ", GIVEN_TRACE),
        (None, None),
        ("", None),
        ("00-" + "0" * 32 + "-b7ad6b7169203331-01", None),
        ("nonsense", None),
    ],
)
def test_a_trace_is_taken_where_it_is_one_and_none_is_started_while_telemetry_is_off(
    header: str | None, taken: str | None
) -> None:
    headers = [] if header is None else [(b"traceparent", header.encode())]
    assert traceparent_of(Request({"type": "http", "headers": headers})) == taken


async def test_a_batcher_sends_together_what_waits() -> None:
    calls: list[list[int]] = []

    async def call(items: Sequence[int]) -> list[int]:
        calls.append(list(items))
        await asyncio.sleep(0)
        return [item * 10 for item in items]

    batcher: Batcher[int, int] = Batcher(call, batch_max=4)
    assert await asyncio.gather(*(batcher.offer(nth) for nth in range(9))) == [nth * 10 for nth in range(9)]
    assert [len(items) for items in calls] == [4, 4, 1]


async def test_a_batcher_tells_each_of_a_failure_and_goes_on() -> None:
    async def call(items: Sequence[int]) -> list[int]:
        if 1 in items:
            raise ValueError("one")
        return list(items)

    batcher: Batcher[int, int] = Batcher(call)
    failed = await asyncio.gather(batcher.offer(1), batcher.offer(2), return_exceptions=True)
    assert [type(each) for each in failed] == [ValueError, ValueError]
    assert await batcher.offer(3) == 3


async def test_a_batcher_outlives_a_caller_that_goes_away() -> None:
    gate = asyncio.Event()

    async def call(items: Sequence[int]) -> list[int]:
        await gate.wait()
        return list(items)

    batcher: Batcher[int, int] = Batcher(call, waiting_max=2)
    leaving, staying = asyncio.create_task(batcher.offer(1)), asyncio.create_task(batcher.offer(2))
    await asyncio.sleep(0)
    with pytest.raises(OverflowError):
        await batcher.offer(3)
    leaving.cancel()
    gate.set()
    assert await staying == 2
