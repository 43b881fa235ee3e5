"""API keys of your tenant, for those who may make them.

fresh = client.send(make("nightly plans", role="submitter", environment="production"))
client.read(API_KEYS).data
client.send(revoke(fresh.id))
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from queuebit_client.changes import Change, Done, path_of, stated
from queuebit_client.reads import Read
from queuebit_contracts.model import Model


class ApiKey(Model):
    """A key without its secret. `state` is live, expired or revoked; `last_used_at` is right to a minute or so."""

    id: str
    prefix: str
    name: str
    role: str
    state: str
    scopes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    project: str | None = None
    environment: str | None = None
    made_by: str = ""
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class FreshApiKey(ApiKey):
    """A key that is new. `key`, its text, is shown this once."""

    key: str = Field(repr=False)


class ApiKeys(Model):
    """The keys of your tenant, the oldest first."""

    data: tuple[ApiKey, ...]


API_KEYS = Read(ApiKeys, "/v1/keys")
API_KEY = Read(ApiKey, "/v1/keys/{key_id}")


def make(
    name: str = "",
    *,
    role: str | None = None,
    scopes: Sequence[str] | None = None,
    networks: Sequence[str] | None = None,
    project: str | None = None,
    environment: str | None = None,
    days: int | None = None,
    key: str | None = None,
) -> Change[FreshApiKey]:
    """A new key that allows no more than yours. Raises Forbidden where it would, and Conflict where `key`, the idempotency key,
    has made one before.
    """
    body = stated(
        name=name, role=role, scopes=list(scopes) if scopes else None, networks=list(networks) if networks else None,
        project=project, environment=environment, days=days,
    )  # fmt: skip
    return Change(FreshApiKey, "POST", "/v1/keys", body, key)


def rotate(key_id: str, *, overlap_s: float | None = None, key: str | None = None) -> Change[FreshApiKey]:
    """A key in the place of another, as wide and for as long. Both open for the overlap, a day if none is given."""
    return Change(FreshApiKey, "POST", path_of("keys", key_id, "/rotate"), stated(overlap_s=overlap_s), key)


def revoke(key_id: str) -> Change[Done]:
    """Take a key out of use."""
    return Change(Done, "DELETE", path_of("keys", key_id))
