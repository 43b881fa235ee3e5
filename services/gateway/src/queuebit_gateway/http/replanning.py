"""A question written anew from one that was asked: its patch laid over it, and kept to the answer that there was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import Field, StringConstraints, ValidationError

from queuebit_contracts.jobs import Number
from queuebit_contracts.merging import merged
from queuebit_contracts.model import StrictModel
from queuebit_gateway.http.parsing import parse_object
from queuebit_gateway.http.requests import invalid
from queuebit_gateway.problem_details import Refusal
from queuebit_problems.errors import ProblemError
from queuebit_problems.replanning import kept_to, without_costs

LEFT_OUT = frozenset({"tenant", "deadline"})
"""What is not asked again: the key says the one, and the other may be over."""
PINS_MAX = 10_000


class ReplanBody(StrictModel):
    """The body of POST /v1/jobs/{id}/replan."""

    patch: Annotated[
        dict[str, Any],
        Field(description="A JSON merge patch (RFC 7396) of the request: what it names is changed, null takes it out."),
    ] = {}
    pins: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=300)], ...],
        Field(max_length=PINS_MAX, description="Parts of the earlier answer that stay, or what such parts are about."),
    ] = ()
    change_cost: Annotated[
        Number | None,
        Field(ge=0, allow_inf_nan=False, description="What each part costs that the earlier answer had not."),
    ] = None
    supersede: Annotated[
        bool, Field(description="Whether the new answer takes the place of the earlier one: `supersedes` is this job.")
    ] = False


class Source(NamedTuple):
    """A job to be asked again: its id and state, its first event as it is stored, and its answer where it has one. `before`:
    answers of the job from whose plan changes cost something already in the amounts of its question.
    """

    job_id: str
    state: str
    asked: str
    answer: Mapping[str, Any] | None
    before: Sequence[Mapping[str, Any]] = ()


def body_from(body: bytes, source: Source) -> bytes:
    """The body of a submission. Raises Refusal."""
    try:
        wanted = ReplanBody.model_validate(parse_object(body) if body.strip() else {})
    except ValidationError as error:
        raise invalid(error) from None
    # Only the standard library reads all that others have written: integers of any length, halves of surrogate pairs.
    request = json.loads(source.asked).get("request")
    if not isinstance(request, dict):
        raise Refusal("job_not_repeatable", "The question was refused, and is not kept.")
    asked = {name: value for name, value in request.items() if name not in LEFT_OUT}
    if wanted.change_cost is not None:
        asked = without_costs(asked, source.before)
    written = _kept(merged(asked, wanted.patch), wanted, source)
    if wanted.supersede:
        written["supersedes"] = source.job_id
    return json.dumps(written).encode()


def _kept(asked: dict[str, Any], wanted: ReplanBody, source: Source) -> dict[str, Any]:
    """The request kept to the answer; as it is where it is no request, which its reader will say."""
    if not wanted.pins and wanted.change_cost is None:
        return asked
    if source.answer is None:
        raise Refusal(
            "job_not_completed",
            f"The job is {source.state}, and has no answer to keep to.",
            remedy="Name a job that was answered, or leave `pins` and `change_cost` out.",
        )
    if not isinstance(asked.get("problem"), dict) or not isinstance(asked.get("labels", {}), dict):
        return asked
    try:
        return kept_to(asked, source.answer, of_job=source.job_id, pins=wanted.pins, change_cost=wanted.change_cost)
    except ValidationError:
        return asked
    except ProblemError as error:
        raise Refusal("invalid_request", error.detail, remedy=error.remedy, errors=error.fields) from None


def replanned_in_process(argument: tuple[bytes, Source], _progress: object) -> bytes | Refusal:
    """The same, for a worker process."""
    try:
        return body_from(*argument)
    except Refusal as refusal:
        return refusal
