"""Endpoints of webhooks, for those who may say where a tenant is told. What receivers do is in `queuebit_client.webhooks`.

endpoint = client.send(add("https://hooks.example.com/queuebit", events=["JobCompleted"]))
endpoint.secrets  # shown this once: what the receiver checks with
client.read(ENDPOINTS).data
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from queuebit_client.changes import Change, Done, path_of, stated
from queuebit_client.reads import Read
from queuebit_contracts.model import Model


class EndpointKey(Model):
    """What a receiver checks with: a secret, shown where it is new, or a public key."""

    scheme: str
    text: str | None = Field(default=None, repr=False)
    until: datetime | None = None


class Endpoint(Model):
    """An endpoint. `why`: why it was disabled. `failing_since`: since when every attempt has failed."""

    id: UUID
    url: str
    description: str = ""
    rule: dict[str, Any] = {}
    state: str
    why: str = ""
    failing_since: datetime | None = None
    keys: tuple[EndpointKey, ...] = ()
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def secrets(self) -> tuple[str, ...]:
        """What `queuebit_client.webhooks.verify` takes, as far as it is shown."""
        return tuple(each.text for each in self.keys if each.text is not None)


class Endpoints(Model):
    """Your endpoints, the oldest first."""

    data: tuple[Endpoint, ...]


class EndpointDelivery(Model):
    """Something that was told or is to be told, and its last attempt."""

    id: UUID
    event: str
    job_id: UUID
    sequence: int
    happened_at: datetime
    state: str
    attempts: int
    next_attempt_at: datetime | None = None
    status: int | None = None
    error: str | None = None
    took_ms: int | None = None
    answer: str | None = None


class EndpointDeliveries(Model):
    """Deliveries, the latest event first."""

    data: tuple[EndpointDelivery, ...]
    has_more: bool = False


class Replayed(Model):
    """How many deliveries are due again. `more`: there are more in the range; ask again."""

    deliveries: int
    more: bool = False


ENDPOINTS = Read(Endpoints, "/v1/webhooks")
ENDPOINT = Read(Endpoint, "/v1/webhooks/{endpoint_id}")
DELIVERIES = Read(EndpointDeliveries, "/v1/webhooks/{endpoint_id}/deliveries?limit={limit}")


def add(
    url: str,
    *,
    events: Sequence[str] | None = None,
    tiers: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
    description: str | None = None,
    signing: Literal["v1", "v1a", "both"] | None = None,
    key: str | None = None,
) -> Change[Endpoint]:
    """Tell this URL what happens from now on: how jobs end, or these events, of these tiers, kinds and labels alone."""
    rule = stated(
        events=list(events) if events else None, tiers=list(tiers) if tiers else None,
        kinds=list(kinds) if kinds else None,
        labels={name: list(values) for name, values in labels.items()} if labels else None,
    )  # fmt: skip
    body = stated(url=url, rule=rule or None, description=description, signing=signing)
    return Change(Endpoint, "POST", "/v1/webhooks", body, key)


def set_state(endpoint_id: UUID | str, state: Literal["enabled", "paused"]) -> Change[Endpoint]:
    """Pause it, or enable it again: what happened meanwhile is told then."""
    return Change(Endpoint, "PATCH", path_of("webhooks", endpoint_id), {"state": state})


def rotate(endpoint_id: UUID | str, *, overlap_s: float | None = None) -> Change[Endpoint]:
    """New keys, shown this once; the former ones sign on for the overlap, a day if none is given."""
    return Change(Endpoint, "POST", path_of("webhooks", endpoint_id, "/rotate"), stated(overlap_s=overlap_s))


def ping(endpoint_id: UUID | str) -> Change[EndpointDelivery]:
    """Send something that is about no job."""
    return Change(EndpointDelivery, "POST", path_of("webhooks", endpoint_id, "/ping"))


def replay(
    endpoint_id: UUID | str, since: str, until: str | None = None, *, states: Sequence[str] = ("exhausted",)
) -> Change[Replayed]:
    """Deliver again what happened in a range: what was given up, or with `delivered` among the states that too."""
    body = stated(since=since, until=until, states=list(states))
    return Change(Replayed, "POST", path_of("webhooks", endpoint_id, "/replay"), body)


def remove(endpoint_id: UUID | str) -> Change[Done]:
    """Forget it, and what was still to be told to it."""
    return Change(Done, "DELETE", path_of("webhooks", endpoint_id))
