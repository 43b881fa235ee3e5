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
KEY_BYTES_MIN, PUBLIC_BYTES = 24, 32


class WebhookInvalid(QueuebitError):
    """The message is not what it says it is: answer 400 and do nothing."""

    code = "webhook_invalid"
    remedy = "Check that the secret is the endpoint's, that the body is the raw bytes, and that the clock is right."


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secrets: Iterable[str | None],
    *,
    tolerance_s: float = TOLERANCE_S,
    now_s: float | None = None,
) -> dict[str, Any]:
    """The message, a CloudEvent, where one of its signatures is by one of `secrets`: shared ones (`whsec_…`), or public keys
    (`whpk_…`, for which the extra `queuebit[webhooks]` is needed). Raises WebhookInvalid, whatever came, and where a secret is
    none: an empty one is something that everybody can sign with.

    `body`: the raw bytes. Messages come at least once: know repeats by the header webhook-id, and drop what is older than what
    you have of a job by the header queuebit-sequence.
    """
    keys = [_key_of(each) for each in ([secrets] if isinstance(secrets, str) else secrets)]
    found = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = found.get("webhook-id", ""), found.get("webhook-timestamp", "")
    if not message_id or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WebhookInvalid("The headers of a webhook are missing.")
    if abs((time.time() if now_s is None else now_s) - int(timestamp)) > tolerance_s:  # noqa: TID251 - a receiver's own clock
        raise WebhookInvalid("The message is too old, or this machine's clock is wrong.")
    signed = b"%b.%b.%b" % (message_id.encode("utf-8", "replace"), timestamp.encode(), body)
    offered = list(_signatures(found.get("webhook-signature", "")))
    if not any(_matches(scheme, key, signed, offered) for scheme, key in keys):
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


def _key_of(secret: str | None) -> tuple[str, bytes]:
    """The scheme of a secret, and its bytes. Raises WebhookInvalid where it is none."""
    text = secret or ""
    scheme = "v1a" if text.startswith(PUBLIC) else "v1"
    try:
        key = b64decode(text.removeprefix(PUBLIC if scheme == "v1a" else SHARED), validate=True)
    except (NotBase64, ValueError):
        key = b""
    if len(key) < KEY_BYTES_MIN or (scheme == "v1a" and len(key) != PUBLIC_BYTES):
        raise WebhookInvalid(
            "A secret is empty, or not one of a webhook.",
            remedy=f"Give the whole text, {SHARED}… or {PUBLIC}…, that was shown when the endpoint was made or rotated.",
        )
    return scheme, key


def _matches(scheme: str, key: bytes, signed: bytes, offered: list[tuple[str, bytes]]) -> bool:
    theirs = [signature for each, signature in offered if each == scheme]
    if scheme == "v1a":
        return any(_is_by(key, signed, signature) for signature in theirs)
    expected = hmac.digest(key, signed, "sha256")
    return any(hmac.compare_digest(expected, signature) for signature in theirs)


def _is_by(public: bytes, signed: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
