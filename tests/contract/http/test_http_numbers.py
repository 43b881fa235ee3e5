"""Numbers, names and times that JSON or a URL can state but Queuebit cannot keep: named, never changed, never echoed whole."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import orjson
import pytest

from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import BODY_BYTES_MAX
from queuebit_gateway.problem_types import PROBLEMS
from queuebit_store.ports import Append, Head, NewEvent
from tests.contract.http.running_gateway import RunningGateway, a_body
from tests.contract.http.sse_frames import frames

JOB_ID = UUID("01890000-0000-7000-8000-00000000000a")
LONG = int("9" * 400)


def _partition(*numbers: int) -> dict[str, Any]:
    return {"problem": {"kind": "number_partitioning", "statement": {"numbers": list(numbers)}}}


REFUSED: list[tuple[str, Any, str, str, str]] = [
    ("a parameter of 30 digits", a_body(params={"a": int("9" * 30)}), "invalid_request", "/params/a", "integer_range"),
    ("a parameter just too large", a_body(params={"a": 2**63}), "invalid_request", "/params/a", "integer_range"),
    ("a parameter just too small", a_body(params={"a": -(2**63) - 1}), "invalid_request", "/params/a", "integer_range"),
    ("a seed of 20 digits", a_body(seed=10**20), "invalid_request", "/seed", "integer_range"),
    ("an unknown field", a_body(more=[{"x": 2**64}]), "invalid_request", "/more/0/x", "integer_range"),
    ("a number of a statement", _partition(2**70, 4), "invalid_statement", "/problem/statement/numbers/0", "number"),
    ("400 digits", _partition(LONG, 4), "invalid_request", "/problem/statement/numbers/0", "too_many_digits"),
    ("400 digits and a sign", a_body(budget_s=-LONG), "invalid_request", "/budget_s", "too_many_digits"),
    ("more digits than Python reads", '{"a": 1' + "0" * 9999 + "}", "invalid_request", "/a", "too_many_digits"),
    ("a deadline after all years", a_body(deadline="9999-12-31T23:59:59-14:00"), "invalid_request", "/deadline",
     "invalid"),
    ("half of a surrogate pair", '{"\\ud800": NaN}', "number_not_finite", "/?", "number_not_finite"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code", "pointer", "wrong"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_refuses_numbers_that_would_change(
    world: RunningGateway, body: Any, code: str, pointer: str, wrong: str
) -> None:
    headers = await world.headers(**{"Idempotency-Key": "k", "Content-Type": "application/json"})

    answer = await world.http.post(
        "/v1/jobs", headers=headers, content=body if isinstance(body, str) else json.dumps(body)
    )

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code), problem
    assert [(item["pointer"], item["code"]) for item in problem["errors"]] == [(pointer, wrong)]
    assert not world.store.database.reservations


async def test_says_how_many_digits_there_are(world: RunningGateway) -> None:
    headers = await world.headers(**{"Idempotency-Key": "k", "Content-Type": "application/json"})
    answer = await world.http.post("/v1/jobs", headers=headers, content=json.dumps(_partition(LONG)))
    problem = answer.json()
    assert problem["detail"] == "/problem/statement/numbers/0: has 400 digits; an integer may have 308."
    assert problem["remedy"] == "Send a number with fewer digits."


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 0.1234567890123456789012345, "9" * 400, 1e300])
async def test_takes_long_numbers_that_stay_as_they_are(world: RunningGateway, value: Any) -> None:
    await world.submit(body=a_body(params={"a": value}), Prefer="wait=5")

    (envelope,) = world.plane.submissions
    found = envelope.data.request.params["a"]  # type: ignore[union-attr]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (a_body(**{"f" * 1_000_000: 1}), "/fff"),
        (a_body(params={"P" * 1_000_000: 1}), "/params/PPP"),
        (a_body(problem={"kind": "maxcut", "statement": {"nodes": 2, "edges": [], "y" * 1_000_000: 1}}),
         "/problem/statement/yyy"),
        (a_body(**{"z" * 1_000_000: 2**70}), "/zzz"),
        ('{"' + "n" * 1_000_000 + '": NaN}', "/nnn"),
        ('{"' + "d" * 1_000_000 + '": 1' + "0" * 999 + "}", "/ddd"),
    ],
    ids=["field", "parameter", "statement", "integer", "not finite", "digits"],
)  # fmt: skip
async def test_cuts_names_that_are_too_long(world: RunningGateway, body: Any, pointer: str) -> None:
    headers = await world.headers(**{"Idempotency-Key": "k", "Content-Type": "application/json"})

    answer = await world.http.post(
        "/v1/jobs", headers=headers, content=body if isinstance(body, str) else json.dumps(body)
    )

    assert answer.status_code == 422
    assert len(answer.content) < 2000
    shown = answer.json()["errors"][0]["pointer"]
    assert shown.startswith(pointer)
    assert shown.endswith("…")


async def test_names_one_size(world: RunningGateway) -> None:
    headers = await world.headers(**{"Idempotency-Key": "k", "Content-Type": "application/json"})
    answer = await world.http.post("/v1/jobs", headers=headers, content=b" " * (BODY_BYTES_MAX + 1))
    problem = answer.json()
    assert (answer.status_code, problem["detail"], problem["remedy"]) == (
        413,
        f"The body is larger than {BODY_BYTES_MAX} bytes.",
        f"State a smaller problem: at most {BODY_BYTES_MAX} bytes of JSON.",
    )
    assert PROBLEMS["body_too_large"].remedy == problem["remedy"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        *((f"{name}={bad}", f"query:{name}") for bad in ("%00", "a%00", "%1F", "%ED%A0%80", "%FF")
          for name in ("kind", "state", "tier", "created_from", "created_to", "limit")),
        ("kind=maxcut&kind=%00", "query:kind"),
        (f"kind={'x' * 64}", "query:kind"),
        ("created_from=0001-01-01T00:00:00%2B14:00", "query:created_from"),
        ("created_to=9999-12-31T23:59:59-14:00", "query:created_to"),
    ],
)  # fmt: skip
async def test_names_the_query_parameter_that_is_no_text_of_ours(
    world: RunningGateway, query: str, pointer: str
) -> None:
    answer = await world.http.get(f"/v1/jobs?{query}", headers=await world.headers())
    assert (answer.status_code, [item["pointer"] for item in answer.json()["errors"]]) == (422, [pointer])


@pytest.mark.parametrize("bad", ["%00", "%1F", "%ED%A0%80", "%FF", "a%00"])
async def test_refuses_other_places_with_control_characters(world: RunningGateway, bad: str) -> None:
    headers = await world.headers()
    found = {}
    for path in ("/v1/jobs/{}", "/v1/jobs/{}/events", "/v1/jobs/{}/explain", "/v1/kinds/{}", "/problems/{}"):
        found[path] = (await world.http.get(path.format(bad), headers=headers)).status_code
    cursor = await world.http.get(f"/v1/jobs?cursor={bad}", headers=headers)
    include = await world.http.get(f"/v1/jobs/{JOB_ID}?include={bad}", headers=headers)

    assert set(found.values()) == {404}, found
    assert (cursor.status_code, cursor.json()["code"]) == (400, "cursor_invalid")
    assert (include.status_code, include.json()["errors"][0]["pointer"]) == (422, "query:include")


ROWS = [
    (f'{{"request":{{"problem":{{"kind":"a","statement":{{"n":{LONG}}}}}}}}}', '{"request":{"problem":{"kind":"a"}}}'),
    (f'{{"problem":{{"statement":{{}}}},"x":{LONG}}}', f'{{"problem":{{}},"x":{LONG}}}'),
    ('{"problem":{"statement":{}},"x":12345678901234567890123}', '{"problem":{},"x":12345678901234567890123}'),
    ('{"problem":{"statement":{}},"x":"\\ud800"}', '{"problem":{},"x":"\\ud800"}'),
    ('{"x":[1.0,\n1e400]}', None),
    ("[1, null]", None),
]


@pytest.mark.parametrize(("stored", "trimmed"), ROWS, ids=range(len(ROWS)))
async def test_streams_whatever_is_stored(world: RunningGateway, stored: str, trimmed: str | None) -> None:
    await world.key()
    now = world.clock.now()
    events = (NewEvent(derive_id(JOB_ID, "1"), "JobExpired", 1, stored, now),)
    head = Head("expired", None, {"kind": "maxcut", "tier": "batch", "lane": "auto", "fingerprint": "f"})
    assert await world.store.append([Append(JOB_ID, "acme", 0, events, head)]) == [True]

    for query, wanted in (("", stored), ("?compact=true", trimmed or stored)):
        answer = await world.http.get(f"/v1/jobs/{JOB_ID}/events{query}", headers=await world.headers())
        first, *rest = answer.text.split("\n\n")[:-1]
        data = "\n".join(line.removeprefix("data: ") for line in rest[0].splitlines() if line.startswith("data: "))
        assert frames(f"{first}\n\n")[0].id == "0"
        assert len(rest) == 1
        attributes, found = data.split(',"data":', 1)
        assert found == f"{wanted}}}"
        document = orjson.loads(f"{attributes}}}")
        assert (document["subject"], document["streamversion"]) == (str(JOB_ID), 1)
        assert ("trimmed" in document) == (bool(query) and trimmed is not None)
