"""Every error is a problem document that says what, where and what to do, and echoes nothing."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from queuebit_contracts.jobs import BODY_BYTES_MAX
from queuebit_gateway.access.rate_limits import RATES, Rate
from queuebit_gateway.http.app import openapi_document
from queuebit_gateway.problem_types import PROBLEMS
from queuebit_store.errors import StoreUnavailable
from tests.contract.http.running_gateway import RunningGateway, a_body, a_world

SECRET = "s3cr3t-value-that-nobody-may-see"
DEEP = "[" * 40 + "]" * 40


def _statement(**changes: Any) -> dict[str, Any]:
    return a_body(problem={"kind": "maxcut", "statement": {"nodes": 3, "edges": [[0, 1, 1]], **changes}})


BODIES: list[tuple[str, Any, int, str, str | None]] = [
    ("not JSON", "{", 400, "malformed_json", None),
    ("not UTF-8", b'{"a": "\xff"}', 400, "malformed_json", None),
    ("empty", b"", 400, "malformed_json", None),
    ("an array", [], 422, "invalid_request", ""),
    ("NaN", '{"budget_s": NaN, "problem": {}}', 422, "number_not_finite", "/budget_s"),
    ("infinity", '{"problem": {"statement": {"edges": [[0, 1, -Infinity]]}}}', 422, "number_not_finite",
     "/problem/statement/edges/0/2"),
    ("too large a number", '{"budget_s": 1e999}', 422, "number_not_finite", "/budget_s"),
    ("too deep", '{"problem": ' + DEEP + "}", 422, "nested_too_deep", None),
    ("hostile nesting", "[" * 200_000, 422, "nested_too_deep", None),
    ("too large", b'{"x": "' + b"y" * BODY_BYTES_MAX + b'"}', 413, "body_too_large", None),
    ("no problem", {}, 422, "invalid_request", "/problem"),
    ("an unknown field", a_body(colour=SECRET), 422, "invalid_request", "/colour"),
    ("a wrong lane", a_body(lane=SECRET), 422, "invalid_request", "/lane"),
    ("a budget of nothing", a_body(budget_s=0), 422, "invalid_request", "/budget_s"),
    ("NaN as text", a_body(budget_s="NaN"), 422, "invalid_request", "/budget_s"),
    ("a time without zone", a_body(deadline="2030-01-01T00:00:00"), 422, "invalid_request", "/deadline"),
    ("a deadline in the past", a_body(deadline="2020-01-01T00:00:00Z"), 422, "deadline_past", "/deadline"),
    ("an unknown kind", a_body(problem={"kind": "nothing", "statement": {}}), 422, "unknown_kind", "/problem/kind"),
    ("an unknown version", a_body(problem={"kind": "maxcut", "version": 9, "statement": {}}), 422, "unknown_kind",
     "/problem/version"),
    ("a statement without edges", a_body(problem={"kind": "maxcut", "statement": {"nodes": 3}}), 422,
     "invalid_statement", "/problem/statement/edges"),
    ("a statement with a secret", _statement(token=SECRET), 422, "invalid_statement", "/problem/statement/token"),
    ("another tenant", a_body(tenant="globex"), 403, "tenant_forbidden", "/tenant"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES]
)
async def test_bad_bodies(world: RunningGateway, body: Any, status: int, code: str, pointer: str | None) -> None:
    headers = await world.headers(**{"Idempotency-Key": "k", "Content-Type": "application/json"})
    sent = {"content": body} if isinstance(body, bytes | str) else {"json": body}

    answer = await world.http.post("/v1/jobs", headers=headers, **sent)

    problem = _problem(answer, status, code)
    if pointer is not None:
        assert pointer in [item["pointer"] for item in problem["errors"]]
    assert SECRET not in answer.text
    assert not world.store.database.reservations


def _problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document, whole."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = dict(answer.json())
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert problem["status"] == status
    assert problem["type"] == f"/problems/{code}"
    assert problem["retry"] == PROBLEMS[code].retry
    assert all(problem[name] for name in ("title", "detail", "remedy", "request_id"))
    assert answer.headers["request-id"] == problem["request_id"]
    return problem


async def test_size_is_known_before_the_body_is_read(world: RunningGateway) -> None:
    async def endless() -> Any:
        while True:
            yield b"x" * 65536

    headers = await world.headers(**{"Idempotency-Key": "k", "Content-Type": "application/json"})
    _problem(await world.http.post("/v1/jobs", headers=headers, content=endless()), 413, "body_too_large")


@pytest.mark.parametrize(
    ("key", "code"),
    [(None, "idempotency_key_required"), ("  ", "idempotency_key_required"), ("a b", "idempotency_key_invalid"),
     ("x" * 256, "idempotency_key_invalid"), ('"a b"', "idempotency_key_invalid"), ('""', "idempotency_key_invalid")],
)  # fmt: skip
async def test_keys_that_cannot_be_used(world: RunningGateway, key: str | None, code: str) -> None:
    headers = await world.headers(**({} if key is None else {"Idempotency-Key": key}))
    _problem(await world.http.post("/v1/jobs", json=a_body(), headers=headers), 400, code)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/v1/jobs", 405, "method_not_allowed"),
        ("GET", "/v1/jobs/not-a-uuid", 404, "job_not_found"),
        ("GET", "/v1/jobs/01890000-0000-7000-8000-000000000000", 404, "job_not_found"),
        ("GET", "/v1/jobs/01890000-0000-7000-8000-000000000000/events", 404, "job_not_found"),
        ("POST", "/v1/jobs/01890000-0000-7000-8000-000000000000/cancel", 404, "job_not_found"),
        ("GET", "/v1/jobs?limit=0", 422, "invalid_request"),
        ("GET", "/v1/jobs?limit=101", 422, "invalid_request"),
        ("GET", "/v1/jobs?state=asleep", 422, "invalid_request"),
        ("GET", "/v1/jobs?created_from=2020-01-01T00:00:00", 422, "invalid_request"),
        ("GET", "/v1/jobs?created_from=yesterday", 422, "invalid_request"),
        ("GET", "/v1/jobs?created_to=0.5", 422, "invalid_request"),
        ("GET", "/v1/jobs?created_to=1893456000", 422, "invalid_request"),
        ("GET", "/problems/nothing", 404, "not_found"),
    ],
)
async def test_bad_requests(world: RunningGateway, method: str, path: str, status: int, code: str) -> None:
    _problem(await world.http.request(method, path, headers=await world.headers()), status, code)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/jobs", "GET, POST"),
        ("/v1/jobs/01890000-0000-7000-8000-000000000000", "GET"),
        ("/v1/jobs/01890000-0000-7000-8000-000000000000/cancel", "POST"),
        ("/v1/kinds", "GET"),
    ],
)
async def test_a_method_that_is_not_there_is_told_all_that_are(world: RunningGateway, path: str, allowed: str) -> None:
    answer = await world.http.request("DELETE", path, headers=await world.headers())
    assert (_problem(answer, 405, "method_not_allowed")["retry"], answer.headers["allow"]) == ("after_change", allowed)


async def test_other_media_types(world: RunningGateway) -> None:
    headers = await world.headers(**{"Idempotency-Key": "k", "Content-Type": "text/plain"})
    _problem(await world.http.post("/v1/jobs", content="{}", headers=headers), 415, "unsupported_media_type")


async def test_a_store_that_is_away(world: RunningGateway) -> None:
    async def away(_operation: str) -> None:
        raise StoreUnavailable(SECRET)

    await world.key()
    headers = await world.headers()
    await world.http.get("/v1/jobs", headers=headers)
    world.store.hooks.before = away
    answer = await world.http.get("/v1/jobs", headers=headers)

    problem = _problem(answer, 503, "service_unavailable")
    assert problem["retry_after_ms"] == 1000
    assert int(answer.headers["retry-after"]) >= 1
    assert SECRET not in answer.text


async def test_the_unexpected_shows_only_a_request_id(world: RunningGateway) -> None:
    async def broken(_operation: str) -> None:
        raise RuntimeError(SECRET)

    headers = await world.headers(**{"X-Request-Id": "mine-1"})
    await world.http.get("/v1/jobs", headers=headers)
    world.store.hooks.before = broken
    answer = await world.http.get("/v1/jobs", headers=headers)

    assert _problem(answer, 500, "internal")["request_id"] == "mine-1"
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text


async def test_too_many_requests() -> None:
    async with a_world({**RATES, "read": Rate(per_s=0.005, burst=3)}) as world:
        headers = await world.headers()
        answers = [await world.http.get("/v1/jobs", headers=headers) for _ in range(4)]
        other = await world.http.get("/v1/jobs", headers=await world.headers("globex"))

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit"][:10] for answer in answers[:3]] == ['"read";r=2', '"read";r=1', '"read";r=0']
    assert answers[0].headers["ratelimit-policy"] == '"read";q=3;w=600'
    _problem(answers[3], 429, "rate_limited")
    assert int(answers[3].headers["retry-after"]) >= 1
    assert other.status_code == 200


async def test_guessing_keys_is_slowed_down() -> None:
    async with a_world({**RATES, "auth": Rate(per_s=0.001, burst=2)}) as world:
        answers = [await world.http.get("/v1/jobs") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]


async def test_every_code_has_a_page(world: RunningGateway) -> None:
    pages = {page["code"] for page in (await world.http.get("/problems")).json()["data"]}
    answers = await asyncio.gather(*(world.http.get(f"/problems/{code}") for code in PROBLEMS))
    assert pages == set(PROBLEMS)
    assert {answer.status_code for answer in answers} == {200}


def test_every_code_is_raised_somewhere() -> None:
    folder = Path(__file__).parents[3] / "services/gateway/src/queuebit_gateway"
    text = "".join(path.read_text() for path in folder.rglob("*.py") if path.name != "problem_details.py")
    assert {code for code in PROBLEMS if f'"{code}"' not in text} <= set()


def test_openapi_is_whole() -> None:
    document = openapi_document()
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            if path.startswith("/v1/"):
                assert operation["security"] == [{"apiKey": []}], where
                assert {"401", "403", "429", "500"} <= operation["responses"].keys(), where
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")):
                    assert list(response["content"]) == ["application/problem+json"], where
            if method == "post" and not path.endswith("/ping"):
                assert "requestBody" in operation, where
    named = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert named <= schemas.keys()
    assert "HTTPValidationError" not in schemas


def test_the_document_has_all_that_it_refers_to() -> None:
    """Given every reference and every tag of an operation, then there is a schema of that name, and a word on that tag."""
    document = openapi_document()
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    tags = {tag for path in document["paths"].values() for operation in path.values() for tag in operation["tags"]}

    assert referred - set(document["components"]["schemas"]) == set()
    assert tags - {each["name"] for each in document["tags"]} == set()
