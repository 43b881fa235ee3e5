"""Secrets of endpoints as they lie in the database: sealed (AES-256-GCM) under a key that is not there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import TypeAdapter

from queuebit_gateway.webhooks.signing import Secret

_NONCE_BYTES = 12
_SECRETS: TypeAdapter[tuple[Secret, ...]] = TypeAdapter(tuple[Secret, ...])


class Unsealable(Exception):
    """The secrets of an endpoint were sealed under another pepper, or were changed."""

    transient = False


class Sealer:
    """Seals and opens. `random` gives so many random bytes."""

    def __init__(self, pepper: bytes, random: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(hashlib.sha256(b"queuebit webhooks\x1f" + pepper).digest())
        self.random = random

    def seal(self, endpoint_id: UUID, secrets: Sequence[Secret]) -> bytes:
        """The secrets as they are stored, bound to their endpoint."""
        nonce = self.random(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, _SECRETS.dump_json(tuple(secrets)), endpoint_id.bytes)

    def open(self, endpoint_id: UUID, sealed: bytes) -> tuple[Secret, ...]:
        """What was sealed. Raises Unsealable."""
        try:
            text = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], endpoint_id.bytes)
        except InvalidTag:
            raise Unsealable("the pepper is another one than when the endpoint was made") from None
        return _SECRETS.validate_json(text)
