"""A job asked again, changed and kept to its answer: `client.send(replan(job_id, ...))` gives the new job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from queuebit_client.changes import Change, path_of, stated
from queuebit_client.models import Job
from queuebit_contracts.jobs import Number


def replan(
    job_id: UUID | str,
    *,
    patch: Mapping[str, Any] | None = None,
    pins: Sequence[str] = (),
    change_cost: Number | None = None,
    supersede: bool = False,
    key: str | None = None,
) -> Change[Job]:
    """`patch`: a JSON merge patch of the request. `pins`: parts of the earlier answer that stay; each part that it had not
    costs `change_cost`. `supersede`: the new answer takes the place of the earlier one.
    """
    body = stated(patch=patch, pins=list(pins) or None, change_cost=change_cost, supersede=supersede or None)
    return Change(Job, "POST", path_of("jobs", job_id, "/replan"), body, key)
