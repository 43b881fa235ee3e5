"""How a route answers with a job."""

from __future__ import annotations

from starlette.responses import Response

from queuebit_contracts.model import Model
from queuebit_gateway.http.conditions import tag_of
from queuebit_gateway.http.parts import Parts
from queuebit_gateway.read_model.models import JobView


async def told(parts: Parts, tenant: str, view: JobView, status: int, headers: dict[str, str]) -> Response:
    """The job for its tenant: what is sealed of it is masked."""
    text = await parts.payloads.masked(view.model_dump_json(), tenant)
    return as_text(text, status, {"ETag": tag_of(view.version), **headers})


def as_json(model: Model, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """What holds nothing that is sealed."""
    return as_text(model.model_dump_json(), status, headers)


def as_text(text: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON that is written already."""
    return Response(text, status, headers, media_type="application/json")
