"""What FastAPI cannot see by itself: raw bodies, headers, and a problem for every status. OpenAPI 3.1 without extensions."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from queuebit_contracts.model import Model, StrictModel
from queuebit_gateway.access.issuing import KeyBody, RotateKeyBody
from queuebit_gateway.http.conditions import IF_MATCH_PATTERN
from queuebit_gateway.http.operation_bodies import PrepareBody, StartBody, StopBody
from queuebit_gateway.http.outcome_body import OutcomeBody
from queuebit_gateway.http.replanning import ReplanBody
from queuebit_gateway.http.requests import (
    EVENT_ID_PATTERN,
    KEY_PATTERN,
    BatchBody,
    CancelBody,
    DenyBody,
    GrantBody,
    RevealBody,
    SubmitBody,
)
from queuebit_gateway.problem_details import MEDIA_TYPE, ProblemBody, Refusal
from queuebit_gateway.problem_types import PROBLEMS
from queuebit_gateway.webhooks.models import ReplayBody, RotateBody, WebhookBody, WebhookPatch

REF = "#/components/schemas/{model}"
LICENSE = {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}
TAGS = [
    {"name": "approvals", "description": "Plans that wait for people, and what they say to them."},
    {
        "name": "audit",
        "description": "Who did what with your tenant's things, and sealed data that somebody wants to see.",
    },
    {"name": "backends", "description": "Devices and simulators: what each can do, and how it is."},
    {"name": "budgets", "description": "What you may spend at providers, and what became of it."},
    {"name": "errors", "description": "Every error code, what it means and what to do."},
    {"name": "events", "description": "What happens to all your jobs, as it happens."},
    {"name": "figures", "description": "What you used, and what is on its way, over all your jobs."},
    {"name": "jobs", "description": "Questions: submit them, watch them, read their checked answers, withdraw them."},
    {"name": "keys", "description": "Who may come in: API keys, made, rotated and revoked."},
    {"name": "kinds", "description": "What can be asked here, and how."},
    {"name": "operators", "description": "What those did who run Queuebit, and what they hold back."},
    {"name": "webhooks", "description": "Being told what happens, by requests that can be checked."},
]

RATE = ("RateLimit", "RateLimit-Policy")

_BODIES: tuple[type[Model] | type[StrictModel], ...] = (
    SubmitBody,
    ReplanBody,
    BatchBody,
    CancelBody,
    OutcomeBody,
    GrantBody,
    DenyBody,
    RevealBody,
    WebhookBody,
    WebhookPatch,
    RotateBody,
    ReplayBody,
    KeyBody,
    RotateKeyBody,
    PrepareBody,
    StartBody,
    StopBody,
)
_TEXT = {"type": "string"}
_HEADERS: dict[str, tuple[str, bool, dict[str, Any]]] = {
    "Idempotency-Key": (
        "Unique for this job within the tenant: 1 to 255 visible ASCII characters, quoted or bare.",
        True,
        {**_TEXT, "pattern": KEY_PATTERN},
    ),
    "Prefer": ("`wait=N`: wait up to N seconds (25 at most) for the job to end.", False, _TEXT),
    "Queuebit-Quote": (
        "A quote for this very request: what it offers is set aside, nothing else is paid.",
        False,
        _TEXT,
    ),
    "traceparent": ("W3C trace context; started here when absent.", False, _TEXT),
    "If-None-Match": ("The ETags that you have, or `*`. Where one is still right the answer is 304.", False, _TEXT),
    "If-Match": (
        "The ETags of which the job must still have one, or `*`. A weak one never matches.",
        False,
        {**_TEXT, "pattern": IF_MATCH_PATTERN},
    ),
    "Last-Event-ID": ("Go on strictly after this event.", False, {**_TEXT, "pattern": EVENT_ID_PATTERN}),
}
_ANSWER_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ETag": ("The version of the job, quoted.", _TEXT),
    "Content-Disposition": ("That it is a file, and under which name.", _TEXT),
    "Location": ("Where the job is.", {"type": "string", "format": "uri-reference"}),
    "Idempotency-Replayed": ("`true` where the key was held before.", {"type": "string", "enum": ["true"]}),
    "Preference-Applied": ("The wait that was granted, where one was asked for.", _TEXT),
    "Request-Id": (
        "The id of this request, for the log: your X-Request-Id where it is harmless, else a new one.",
        _TEXT,
    ),
    "Queuebit-Version": ("The version of the API that answered.", {"type": "string", "format": "date"}),
    "RateLimit": (
        "How many more requests may follow at once, and in how many seconds the quota is whole again.",
        _TEXT,
    ),
    "RateLimit-Policy": ("The quota, and its window in seconds.", _TEXT),
    "Retry-After": ("Seconds to wait before the same request is sent again.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("How to authenticate.", _TEXT),
}
_ALWAYS = ("Request-Id", "Queuebit-Version")
_WITH_STATUS = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}
_DOOR = (400, 408, 414, 431, 500, 503)
"""What every route may answer before it is reached, or where something fails inside."""
_LINKS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "submit_job": ("202", "job_id", ("read_job", "explain_job", "follow_job", "replan_job", "cancel_job")),
    "make_key": ("201", "key_id", ("read_key", "rotate_key", "revoke_key")),
    "make_webhook": (
        "201",
        "webhook_id",
        (
            "read_webhook",
            "change_webhook",
            "rotate_webhook",
            "ping_webhook",
            "list_webhook_deliveries",
            "replay_webhook",
            "delete_webhook",
        ),
    ),
}
"""What can be done with what an operation makes: the status, the parameter that takes its id, and the operations."""
_SHOWN_REQUEST_ID = "01890000-0000-7000-8000-000000000000"


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem responses of a route, each with the codes that it may carry and an example of each."""
    return {
        status: {
            "description": ", ".join(code for code, item in PROBLEMS.items() if item.status == status),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": REF.format(model=ProblemBody.__name__)},
                    "examples": {
                        code: {"value": _shown(code)} for code, item in PROBLEMS.items() if item.status == status
                    },
                }
            },
        }
        for status in sorted({*statuses, *_DOOR})
    }


def _shown(code: str) -> dict[str, Any]:
    """A problem as it may come."""
    retry_after_s = 1.0 if PROBLEMS[code].status in (429, 503) else None
    body = Refusal(code, retry_after_s=retry_after_s).body(_SHOWN_REQUEST_ID)
    return body.model_dump(mode="json", exclude_none=True)


def answer(*headers: str, example: Model | None = None, text: str | None = None) -> dict[str, Any]:
    """A successful answer: its headers, and what it looks like."""
    described: dict[str, Any] = {"headers": {name: _header(name) for name in headers}}
    if text is not None:
        described["content"] = {"text/event-stream": {"example": text}}
    elif example is not None:
        described["content"] = {"application/json": {"example": example.model_dump(mode="json")}}
    return described


def request_body(
    model: type[StrictModel] | None,
    *headers: str,
    required: bool = True,
    keyed: bool | None = None,
    example: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The parts of an operation that are read by hand: a JSON body, and request headers. `keyed`: whether headers are needed
    that are needed elsewhere; as the body is, if it is not said.
    """
    parameters = [
        {
            "name": name,
            "in": "header",
            "required": _HEADERS[name][1] and (required if keyed is None else keyed),
            "description": _HEADERS[name][0],
            "schema": _HEADERS[name][2],
        }
        for name in headers
    ]
    extra: dict[str, Any] = {"parameters": parameters}
    if model is not None:
        content = {"schema": {"$ref": REF.format(model=model.__name__)}, "example": example or {}}
        extra["requestBody"] = {"required": required, "content": {"application/json": content}}
    return extra


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=TAGS,
            servers=[{"url": "/", "description": "The gateway that serves this document."}],
            contact={"name": "The maintainers of Queuebit"},
            license_info=LICENSE,
        )
        _complete_components(made.setdefault("components", {}))
        for path, operations in made["paths"].items():
            for operation in operations.values():
                _complete(operation, authenticated=path.startswith("/v1/"))
        app.openapi_schema = made
    return app.openapi_schema


def _complete_components(components: dict[str, Any]) -> None:
    schemas = components.setdefault("schemas", {})
    hand_made = [*((model, "validation") for model in _BODIES), (ProblemBody, "serialization")]
    _, found = models_json_schema(hand_made, ref_template=REF)  # type: ignore[arg-type]
    schemas.update(found["$defs"])
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    components["securitySchemes"] = {
        "apiKey": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "qb_live_…",
            "description": "An API key: `Authorization: Bearer qb_live_…`. It names the tenant and the role.",
        }
    }
    components["headers"] = {
        name: {"description": text, "schema": schema} for name, (text, schema) in _ANSWER_HEADERS.items()
    }


def _complete(operation: dict[str, Any], *, authenticated: bool) -> None:
    """Security, and the headers that come with every answer of this status."""
    operation["security"] = [{"apiKey": []}] if authenticated else []
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422", "")):
        responses["422"] = problems(422)[422]
    status, parameter, targets = _LINKS.get(operation["operationId"], ("", "", ()))
    if targets:
        responses[status]["links"] = {
            target: {"operationId": target, "parameters": {parameter: "$response.body#/id"}} for target in targets
        }
    for status, response in responses.items():
        names = [*_ALWAYS, *_WITH_STATUS.get(str(status), ())]
        headers = response.setdefault("headers", {})
        headers.update({name: _header(name) for name in names})


def _header(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}
