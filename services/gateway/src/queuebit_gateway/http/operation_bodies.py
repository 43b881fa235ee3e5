"""What callers send about bulk operations."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from queuebit_contracts.backends import BACKEND_NAME_MAX
from queuebit_contracts.jobs import JobState, KindName, LaneWish, TenantName, Tier
from queuebit_contracts.model import StrictModel
from queuebit_contracts.operators import REASON_LENGTH_MAX, Priority, RunHere
from queuebit_contracts.streams import JOB
from queuebit_gateway.bulk import TARGETS_MAX
from queuebit_store.ports import StreamFilter

Said = Annotated[str, StringConstraints(min_length=1, max_length=REASON_LENGTH_MAX)]


class Chosen(StrictModel):
    """Jobs of a tenant, by where they stand and what they ask."""

    tenant: TenantName
    state: tuple[JobState, ...] = ()
    kind: tuple[KindName, ...] = ()
    tier: tuple[Tier, ...] = ()
    created_from: AwareDatetime | None = None
    created_to: AwareDatetime | None = None

    def filter(self) -> StreamFilter:
        attributes = {name: values for name, values in (("kind", self.kind), ("tier", self.tier)) if values}
        return StreamFilter(self.tenant, self.state, attributes, None, self.created_from, self.created_to, (JOB,))


class PrepareBody(StrictModel):
    """What is to be done, and to which jobs: those that are named, or those that are chosen. `requeue`, `lane` and `to_backend`
    say how a job is asked again. What waits for its turn has the `priority` with `jobs reprioritise`, and with `jobs reroute`
    goes on by its plan on the `lane`, or onto the backend `to_backend`.
    """

    verb: RunHere
    jobs: Annotated[tuple[UUID, ...], Field(max_length=TARGETS_MAX)] = ()
    chosen: Chosen | None = None
    requeue: bool = False
    lane: LaneWish | None = None
    to_backend: Annotated[str, StringConstraints(min_length=1, max_length=BACKEND_NAME_MAX)] | None = None
    priority: Priority | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> PrepareBody:
        if bool(self.jobs) == (self.chosen is not None):
            raise ValueError("name jobs by `jobs`, or choose them by `chosen`")
        if self.requeue and self.verb != "jobs invalidate":
            raise ValueError("`requeue` goes with `jobs invalidate`")
        if (self.priority is not None) != (self.verb == "jobs reprioritise"):
            raise ValueError("`priority` goes with `jobs reprioritise`, and is needed there")
        if self.verb == "jobs reroute":
            if self.lane == "auto" or (self.lane is None) == (self.to_backend is None):
                raise ValueError(
                    "`jobs reroute` needs the `lane` on which plans are to go on, or `to_backend`, and nothing else"
                )
        elif (self.lane or self.to_backend) and not (self.requeue or self.verb == "jobs rerun"):
            raise ValueError(
                "`lane` and `to_backend` say how a job is asked again: with `jobs rerun`, or with `requeue`"
            )
        return self

    def arguments(self) -> dict[str, str]:
        chosen = {} if self.chosen is None else self.chosen.model_dump(mode="json", exclude_defaults=True)
        given = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in chosen.items()}
        more = {
            "requeue": "yes" if self.requeue else None,
            "lane": self.lane,
            "to_backend": self.to_backend,
            "priority": None if self.priority is None else str(self.priority),
        }
        return {**given, **{name: value for name, value in more.items() if value is not None}}


class StartBody(StrictModel):
    """Why it is let act, how fast it may, and on how many at most."""

    reason: Said
    rate_per_s: Annotated[float, Field(gt=0, le=1000)] | None = None
    limit: Annotated[int, Field(ge=1, le=TARGETS_MAX)] | None = None


class StopBody(StrictModel):
    """Why it is let act no further."""

    reason: Said
