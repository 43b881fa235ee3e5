"""What is said and shown of webhooks."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from queuebit_contracts.model import Model, StrictModel
from queuebit_gateway.egress.target import URL_LENGTH_MAX
from queuebit_gateway.webhooks.rule import Rule
from queuebit_gateway.webhooks.signing import Scheme
from queuebit_store.webhooks.port import DeliveryState, EndpointState

OVERLAP_S = 86_400.0
OVERLAP_S_MAX = 604_800.0
REPLAYED_MAX = 10_000

Url = Annotated[str, StringConstraints(min_length=1, max_length=URL_LENGTH_MAX)]
Description = Annotated[str, StringConstraints(max_length=500)]


def _text(value: Any) -> Any:
    """Numbers are no moments here, though pydantic takes them for seconds since 1970."""
    if not isinstance(value, str):
        raise PydanticCustomError("datetime", "should be a time as RFC 3339 has it")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_text)]


class WebhookBody(StrictModel):
    """The body of POST /v1/webhooks."""

    url: Annotated[Url, Field(description="Where to send to: https, a public host, port 443 or 8443.")]
    description: Description = ""
    rule: Rule = Rule()
    signing: Annotated[
        Literal["v1", "v1a", "both"],
        Field(description="By a shared secret, by a key pair (ed25519) of which you get the public key, or by both."),
    ] = "v1"


class WebhookPatch(StrictModel):
    """The body of PATCH /v1/webhooks/{id}: what is left out stays."""

    url: Url | None = None
    description: Description | None = None
    rule: Rule | None = None
    state: Annotated[
        Literal["enabled", "paused"] | None,
        Field(
            description="What happens while it is paused or disabled is told when it is enabled, after 30 days not any more."
        ),
    ] = None


class RotateBody(StrictModel):
    """The body of POST /v1/webhooks/{id}/rotate; it may be left out."""

    overlap_s: Annotated[
        float,
        Field(
            strict=True, ge=0, le=OVERLAP_S_MAX, description="For how long it is signed with the former keys as well."
        ),
    ] = OVERLAP_S


class ReplayBody(StrictModel):
    """The body of POST /v1/webhooks/{id}/replay."""

    since: Annotated[Moment, Field(description="Events that happened at or after this.")]
    until: Annotated[Moment | None, Field(description="Events that happened before this; left out, until now.")] = None
    states: Annotated[
        tuple[Literal["delivered", "exhausted"], ...],
        Field(min_length=1, max_length=2, description="Deliver again what was given up, or what was delivered, too."),
    ] = ("exhausted",)


class WebhookKey(Model):
    """What to check with. `text` is `whsec_…` where it is new, and told never again; or the public key, `whpk_…`."""

    scheme: Scheme
    text: str | None = None
    until: AwareDatetime | None = None


class WebhookView(Model):
    """An endpoint. `why`: why it was disabled. `failing_since`: when the first failure was after the last success."""

    object: Literal["webhook"] = "webhook"
    id: UUID
    url: str
    description: str
    rule: Rule
    state: EndpointState
    why: str
    failing_since: AwareDatetime | None = None
    keys: tuple[WebhookKey, ...]
    version: int
    created_at: AwareDatetime
    updated_at: AwareDatetime


class WebhookList(Model):
    """The endpoints of a tenant, the oldest first."""

    object: Literal["list"] = "list"
    data: tuple[WebhookView, ...]


class DeliveryView(Model):
    """A delivery and its last attempt. `sequence` is the job's version: drop what is older than what you have. `answer`: the
    first 1,000 characters.
    """

    object: Literal["webhook_delivery"] = "webhook_delivery"
    id: UUID
    event: str
    job_id: UUID
    sequence: int
    happened_at: AwareDatetime
    state: DeliveryState
    attempts: int
    next_attempt_at: AwareDatetime | None
    status: int | None
    error: str | None
    took_ms: int | None
    answer: str | None


class DeliveryList(Model):
    """A page of deliveries, the latest event first."""

    object: Literal["list"] = "list"
    data: tuple[DeliveryView, ...]
    has_more: bool
    next_cursor: str | None = None


class Replayed(Model):
    """How many deliveries are due again. `more`: there are more in the range; ask again."""

    object: Literal["replay"] = "replay"
    deliveries: int
    more: bool
