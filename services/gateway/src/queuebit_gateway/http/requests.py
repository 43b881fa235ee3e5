"""What callers send, read and checked: the job body, the idempotency key, preferences and preconditions."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from queuebit_contracts.compensations import Compensations
from queuebit_contracts.errors import FieldError, field_errors
from queuebit_contracts.ids import time_ordered_key
from queuebit_contracts.jobs import KEY_LENGTH_MAX, IdempotencyKey, JobRequest, TenantName
from queuebit_contracts.model import StrictModel
from queuebit_contracts.money import ENVIRONMENT_LABEL, PROJECT_LABEL, REHEARSALS
from queuebit_contracts.origin import Given, Origin
from queuebit_contracts.regions import LOCAL, REGIONS_PARAM
from queuebit_contracts.sagas import NO_SAGA, Saga
from queuebit_gateway.asker import Asker
from queuebit_gateway.problem_details import Refusal

WAIT_S_MAX = 25.0
OUT_OF_YEARS = "is before the year 1 or after the year 9999 in UTC"

_SAID_AGAIN = ("subject", "correlation_id")
_OF_SAGAS = ("compensations", "supersedes")
_BESIDE = frozenset({*_SAID_AGAIN, *_OF_SAGAS})
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_VISIBLE = re.compile(r"[!-~]+")
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*(\d{1,6})\s*(?=$|,|;)")

KEY_PATTERN = r'^([!#-~][!-~]{0,254}|"([!#-\[\]-~]|\\["\\]){1,255}")$'
EVENT_ID_PATTERN = r"^[0-9]{0,9}$"


class SubmitBody(JobRequest):
    """The body of POST /v1/jobs. The tenant comes from the API key; it may be left out, and may not differ."""

    tenant: TenantName | None = None  # type: ignore[assignment]
    subject: Annotated[
        Given | None, Field(description="What the job is about, in your words; its end says it again.")
    ] = None
    correlation_id: Annotated[Given | None, Field(description="An id of yours; the job's end carries it.")] = None
    compensations: Annotated[
        Compensations | None,
        Field(
            description="Commands that are published where the answer does not count after all: see jobs.compensations."
        ),
    ] = None
    supersedes: Annotated[
        UUID | None, Field(description="Your job whose answer that of this one takes the place of, once there is one.")
    ] = None


class _OfSagas(StrictModel):
    """What a body says of the work of others."""

    compensations: Compensations | None = None
    supersedes: UUID | None = None


class BatchJob(SubmitBody):
    """A job of a batch."""

    idempotency_key: Annotated[
        IdempotencyKey, Field(description="Unique for this job within the tenant; a UUIDv7 is best.")
    ]


class BatchBody(StrictModel):
    """The body of POST /v1/batches."""

    jobs: Annotated[tuple[BatchJob, ...], Field(min_length=1, max_length=1000)]


class CancelBody(StrictModel):
    """The body of POST /v1/jobs/{id}/cancel; it may be left out."""

    reason: Annotated[str, StringConstraints(max_length=1000)] = Field(default="", description="For the record.")


class RevealBody(StrictModel):
    """The body of POST /v1/jobs/{id}/reveal."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)] = Field(description="For the record.")


class DenyBody(StrictModel):
    """The body of POST /v1/approvals/{job_id}/deny: what is decided on, and why not."""

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="That of the plan as it was shown to you."
    )
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)] = Field(description="For the record.")


class GrantBody(DenyBody):
    """The body of POST /v1/approvals/{job_id}/grant: what is decided on."""

    reason: Annotated[str, StringConstraints(max_length=1000)] = Field(default="", description="For the record.")


def read_job(body: dict[str, Any], asker: Asker) -> tuple[JobRequest, Origin, Saga]:
    """The request of this tenant, what its end says again, and what it means for the work of others. Raises Refusal:
    tenant_forbidden, environment_forbidden, role_forbids or invalid_request.
    """
    tenant = asker.tenant
    if body.get("tenant", tenant) != tenant:
        raise Refusal(
            "tenant_forbidden", errors=(FieldError("/tenant", "tenant_forbidden", "is not the key's tenant"),)
        )
    try:
        origin = Origin.model_validate({name: body[name] for name in _SAID_AGAIN if name in body})
        named = {name: body[name] for name in _OF_SAGAS if name in body}
        saga = Saga(**_OfSagas.model_validate(named).__dict__) if named else NO_SAGA
        asked = {name: value for name, value in body.items() if name not in _BESIDE}
        bound = {**_labelled(asked.get("labels", {}), asker), **_kept_here(asked.get("params", {}), asker)}
        request = JobRequest.model_validate({**asked, **bound, "tenant": tenant})
    except ValidationError as error:
        raise invalid(error) from None
    if request.deadline is not None and not _is_in_utc(request.deadline):
        wrong = FieldError("/deadline", "invalid", OUT_OF_YEARS)
        raise Refusal("invalid_request", f"{wrong}.", errors=(wrong,))
    if request.lane == "quantum" and request.labels.get(ENVIRONMENT_LABEL) in REHEARSALS:
        raise _forbidden("/lane", "is for production alone")
    if request.lane == "quantum" and asker.local_only:
        raise Refusal("role_forbids", "Quantum hardware is for other roles here.")
    return request, origin, saga


def _labelled(labels: Any, asker: Asker) -> dict[str, Any]:
    """The labels with what the key says itself; nothing where it says nothing, or where they are no labels."""
    said = {PROJECT_LABEL: asker.project, ENVIRONMENT_LABEL: asker.environment}
    bound = {name: value for name, value in said.items() if value is not None}
    if not bound or not isinstance(labels, dict):
        return {}
    for name, value in bound.items():
        if labels.get(name, value) != value:
            raise _forbidden(f"/labels/{name}", "is not what the key is for")
    return {"labels": {**labels, **bound}}


def _kept_here(params: Any, asker: Asker) -> dict[str, Any]:
    """The parameters of who may use no quantum hardware: nothing leaves for their jobs, whatever regions they name."""
    if not asker.local_only or not isinstance(params, dict):
        return {}
    return {"params": {**params, REGIONS_PARAM: LOCAL}}


def _forbidden(pointer: str, detail: str) -> Refusal:
    wrong = FieldError(pointer, "environment_forbidden", detail)
    return Refusal("environment_forbidden", f"{wrong}.", errors=(wrong,))


def read_cancel(body: dict[str, Any]) -> CancelBody:
    """The cancellation. Raises Refusal invalid_request."""
    try:
        return CancelBody.model_validate(body)
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError) -> Refusal:
    """The refusal that names each wrong field, without its value."""
    fields = field_errors(error)
    return Refusal("invalid_request", f"{'; '.join(str(item) for item in fields[:5])}.", errors=fields)


def read_key(header: str | None) -> str:
    """The idempotency key, quoted (a structured-field string) or bare; a UUIDv7 in its usual spelling. Raises Refusal."""
    text = (header or "").strip()
    if not text:
        raise Refusal("idempotency_key_required")
    quoted = _QUOTED.fullmatch(text)
    key = re.sub(r'\\(["\\])', r"\1", quoted[1]) if quoted else text
    if len(key) > KEY_LENGTH_MAX or not _VISIBLE.fullmatch(key) or (text[0] == '"' and not quoted):
        raise Refusal("idempotency_key_invalid")
    ordered = time_ordered_key(key)
    return str(ordered) if ordered else key


def read_wait_s(prefer: str | None) -> float | None:
    """The seconds of `Prefer: wait=N` (RFC 7240), at most 25; None without it."""
    match = _WAIT.search(prefer or "")
    return min(float(match[1]), WAIT_S_MAX) if match else None


def read_last_event_id(header: str | None) -> int:
    """The version that a stream goes on after; 0 from the start. Raises Refusal invalid_request."""
    text = (header or "").strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Refusal(
            "invalid_request",
            "Last-Event-ID is not an event id of this stream.",
            errors=(FieldError("header:Last-Event-ID", "invalid", "is not a version of the job"),),
        )
    return int(text)


def read_job_id(text: str) -> UUID:
    """A job id in the path. What is none cannot name a job: Refusal job_not_found."""
    try:
        return UUID(text)
    except ValueError:
        raise Refusal("job_not_found") from None


def check_range(start: datetime | None, end: datetime | None) -> None:
    """Raises Refusal invalid_request where a created range has no time zone, no time in UTC, or ends before it starts."""
    for name, moment in (("created_from", start), ("created_to", end)):
        if moment is not None and moment.tzinfo is None:
            raise bad_query(name, "has no time zone: append Z or an offset")
        if moment is not None and not _is_in_utc(moment):
            raise bad_query(name, OUT_OF_YEARS)
    if start is not None and end is not None and end <= start:
        raise bad_query("created_to", "is not after created_from")


def _is_in_utc(moment: datetime) -> bool:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _text_of_moment(value: Any) -> Any:
    """Numbers are no moments here, though pydantic takes them for seconds or milliseconds since 1970."""
    if isinstance(value, str) and not _DAY.match(value):
        raise PydanticCustomError("datetime", "should be a time as RFC 3339 has it")
    return value


Moment = Annotated[datetime, BeforeValidator(_text_of_moment)]


def bad_query(name: str, detail: str) -> Refusal:
    """The refusal that names a query parameter."""
    return Refusal("invalid_request", f"{name} {detail}.", errors=(FieldError(f"query:{name}", "invalid", detail),))
