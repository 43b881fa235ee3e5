"""For receivers of webhooks: is what came from Queuebit, whole, and of now? (Standard Webhooks 1.0)

message = verify(body, headers, ["whsec_…"])
"""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from queuebit_client.errors import QueuebitError

TOLERANCE_S = 300.0
SHARED, PUBLIC = "whsec_", "whpk_"


class WebhookInvalid(QueuebitError):
    """The message is not what it says it is: answer 400 and do nothing."""

    code = "webhook_invalid"
    remedy = "Check that the secret is the endpoint's, that the body is the raw bytes, and that the clock is right."


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secrets: Iterable[str],
    *,
    tolerance_s: float = TOLERANCE_S,
    now_s: float | None = None,
) -> dict[str, Any]:
    """The message, a CloudEvent, where one of its signatures is by one of `secrets`: shared ones (`whsec_…`), or public keys
    (`whpk_…`, for which the extra `queuebit[webhooks]` is needed). Raises WebhookInvalid, whatever came.

    `body`: the raw bytes. Messages come at least once: know repeats by the header webhook-id, and drop what is older than what
    you have of a job by the header queuebit-sequence.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = found.get("webhook-id", ""), found.get("webhook-timestamp", "")
    if not message_id or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WebhookInvalid("The headers of a webhook are missing.")
    if abs((time.time() if now_s is None else now_s) - int(timestamp)) > tolerance_s:  # noqa: TID251 - a receiver's own clock
        raise WebhookInvalid("The message is too old, or this machine's clock is wrong.")
    signed = b"%b.%b.%b" % (message_id.encode("utf-8", "replace"), timestamp.encode(), body)
    offered = list(_signatures(found.get("webhook-signature", "")))
    if not any(_matches(secret, signed, offered) for secret in secrets):
        raise WebhookInvalid("No signature of the message is by a secret of yours.")
    try:
        message = json.loads(body)
    except ValueError:
        raise WebhookInvalid("The message is not JSON.") from None
    if not isinstance(message, dict):
        raise WebhookInvalid("The message is no JSON object.")
    return message


def _signatures(header: str) -> Iterator[tuple[str, bytes]]:
    """Each as its scheme and its bytes; what is none is passed over."""
    for part in header.split(" ")[:20]:
        scheme, _, text = part.partition(",")
        try:
            yield scheme, b64decode(text, validate=True)
        except (NotBase64, ValueError):
            continue


def _matches(secret: str, signed: bytes, offered: list[tuple[str, bytes]]) -> bool:
    if secret.startswith(PUBLIC):
        return any(scheme == "v1a" and _is_by(secret, signed, signature) for scheme, signature in offered)
    try:
        key = b64decode(secret.removeprefix(SHARED), validate=True)
    except (NotBase64, ValueError):
        raise WebhookInvalid("A secret is not one of a webhook: it begins with whsec_ or whpk_.") from None
    expected = hmac.digest(key, signed, "sha256")
    return any(scheme == "v1" and hmac.compare_digest(expected, signature) for scheme, signature in offered)


def _is_by(public: str, signed: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(public.removeprefix(PUBLIC), validate=True))
        key.verify(signature, signed)
    except (InvalidSignature, NotBase64, ValueError):
        return False
    return True
