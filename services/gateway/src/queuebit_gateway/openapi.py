"""What FastAPI cannot see by itself: raw bodies, headers, and a problem for every status."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from queuebit_contracts.model import Model, StrictModel
from queuebit_gateway.problems import MEDIA_TYPE, PROBLEMS, ProblemBody
from queuebit_gateway.requests import CancelBody, SubmitBody

REF = "#/components/schemas/{model}"
_BODIES: tuple[type[Model] | type[StrictModel], ...] = (SubmitBody, CancelBody)
_HEADERS: dict[str, tuple[str, bool]] = {
    "Idempotency-Key": (
        "Unique for this job within the tenant: 1 to 255 visible ASCII characters, quoted or bare.",
        True,
    ),
    "Prefer": ("`wait=N`: wait up to N seconds (25 at most) for the job to end.", False),
    "traceparent": ("W3C trace context; started here when absent.", False),
    "If-None-Match": ("The ETag that you have.", False),
    "If-Match": ("The ETag that the job must still have.", False),
    "Last-Event-ID": ("Go on strictly after this event.", False),
}
_ANSWER_HEADERS: dict[str, str] = {
    "ETag": "The version of the job, quoted.",
    "Location": "Where the job is.",
    "Idempotency-Replayed": "`true` where the key was held before.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem responses of a route, each with the codes that it may carry."""
    return {
        status: {
            "description": ", ".join(code for code, item in PROBLEMS.items() if item.status == status),
            "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model=ProblemBody.__name__)}}},
        }
        for status in (*statuses, 500)
    }


def job_headers(*names: str) -> dict[str, Any]:
    """The headers of an answer that is a job."""
    described = {name: _ANSWER_HEADERS[name] for name in ("ETag", *names)}
    return {"headers": {name: {"description": text, "schema": {"type": "string"}} for name, text in described.items()}}


def request_body(model: type[StrictModel] | None, *headers: str, required: bool = True) -> dict[str, Any]:
    """The parts of an operation that are read by hand: a JSON body, and request headers."""
    parameters = [
        {
            "name": name,
            "in": "header",
            "required": _HEADERS[name][1] and required,
            "description": _HEADERS[name][0],
            "schema": {"type": "string"},
        }
        for name in headers
    ]
    extra: dict[str, Any] = {"parameters": parameters}
    if model is not None:
        schema = {"$ref": REF.format(model=model.__name__)}
        extra["requestBody"] = {"required": required, "content": {"application/json": {"schema": schema}}}
    return extra


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        components = made.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        hand_made = [*((model, "validation") for model in _BODIES), (ProblemBody, "serialization")]
        _, found = models_json_schema(hand_made, ref_template=REF)  # type: ignore[arg-type]
        schemas.update(found["$defs"])
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        components["securitySchemes"] = {"apiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "qb_live_…"}}
        for path, operations in made["paths"].items():
            for operation in operations.values():
                if "HTTPValidationError" in str(operation["responses"].get("422", "")):
                    operation["responses"]["422"] = problems(422)[422]
                if path.startswith("/v1/"):
                    operation["security"] = [{"apiKey": []}]
        app.openapi_schema = made
    return app.openapi_schema
