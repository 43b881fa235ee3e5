"""Signatures of Standard Webhooks 1.0 over `{id}.{timestamp}.{body}`: `v1` by a shared secret, `v1a` by ed25519."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import AwareDatetime, Field

from queuebit_contracts.model import StrictModel

Scheme = Literal["v1", "v1a"]
SECRET_BYTES = 32
SHARED, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"


class Secret(StrictModel):
    """What is signed with: 32 bytes as text with their prefix. `until`: signed with beside a newer one until then."""

    scheme: Scheme
    text: Annotated[str, Field(repr=False)]
    until: AwareDatetime | None = None

    @property
    def shown(self) -> str:
        """What a receiver checks with: the shared secret itself, or the public key."""
        if self.scheme == "v1":
            return self.text
        return PUBLIC + b64encode(self._private.public_key().public_bytes_raw()).decode()

    def sign(self, message: bytes) -> str:
        """The signature with its scheme."""
        if self.scheme == "v1":
            made = hmac.digest(b64decode(self.text.removeprefix(SHARED)), message, "sha256")
        else:
            made = self._private.sign(message)
        return f"{self.scheme},{b64encode(made).decode()}"

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(b64decode(self.text.removeprefix(PRIVATE)))


def fresh(scheme: Scheme, random: bytes) -> Secret:
    """A secret made of 32 random bytes."""
    prefix = SHARED if scheme == "v1" else PRIVATE
    return Secret(scheme=scheme, text=prefix + b64encode(random).decode())


def rotated(
    secrets: Sequence[Secret], fresh_ones: Sequence[Secret], now: datetime, overlap: timedelta
) -> tuple[Secret, ...]:
    """The fresh ones in front; those before are signed with for the overlap, and those that were on their way out as long as it
    was said.
    """
    ends = now + overlap
    kept = [each if each.until else each.model_copy(update={"until": ends}) for each in secrets]
    return (*fresh_ones, *(each for each in kept if each.until is not None and each.until > now))


def headers_of(secrets: Sequence[Secret], message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of one attempt: signed with everything that is live now."""
    timestamp = int(now.timestamp())
    message = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    live = [each for each in secrets if each.until is None or each.until > now]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(each.sign(message) for each in live),
    }
