"""A subject's key at work: AES-256-GCM, each day with a key of its own, made of that of the day before."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from datetime import date
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from queuebit_contracts.sealed import Bound, Locked, Misplaced, Redacted, SealedField, sealed_for
from queuebit_store.errors import InvalidSettings

KEY_BYTES, NONCE_BYTES = 32, 12
DAYS_MAX = 20_000
"""So many days after the first that a key is kept for a token may say that it is of."""
UNBOUND = Bound()


def key_of_day(key: bytes, since: date, day: date) -> bytes:
    """The key of a day by that of an earlier one: each is made of the one before, and none tells of the one before it. Raises
    Redacted for a day of before.
    """
    days = (day - since).days
    if not 0 <= days <= DAYS_MAX:
        raise Redacted
    for _ in range(days):
        key = hashlib.sha256(b"queuebit: the key of the next day" + key).digest()
    return key


class SubjectCipher:
    """A subject's key, at work. It travels to worker processes. `key` is that of the day `since`."""

    __slots__ = ("_at_work", "_key", "_random", "_since", "bound", "id")

    def __init__(
        self, key_id: UUID, key: bytes, since: date, random: Callable[[int], bytes], bound: Bound = UNBOUND
    ) -> None:
        self.id = key_id
        self.bound = bound
        self._key = key
        self._since = since
        self._random = random
        self._at_work = key if bound.day is None else key_of_day(key, since, bound.day)

    def __reduce__(self) -> tuple[type[SubjectCipher], tuple[UUID, bytes, date, Callable[[int], bytes], Bound]]:
        return SubjectCipher, (self.id, self._key, self._since, self._random, self.bound)

    def __repr__(self) -> str:
        return f"SubjectCipher({self.id})"

    def of(self, bound: Bound) -> SubjectCipher:
        return SubjectCipher(self.id, self._key, self._since, self._random, bound)

    def seal(self, text: bytes, field: SealedField) -> str:
        """`v2.<key>.<day>.<job>.<field>.<nonce and ciphertext>`, bound to all of them; for no job
        `v1.<key>.<nonce and ciphertext>`, bound to the key.
        """
        nonce, (job, day) = self._random(NONCE_BYTES), self.bound
        key = self._key if job is None else self._at_work
        sealed = nonce + AESGCM(key).encrypt(nonce, text, self._said(job, field))
        place = f"v1.{self.id}" if job is None else f"v2.{self.id}.{day}.{job}.{field}"
        return f"{place}.{_text_of(sealed)}"

    def open(self, token: str, field: SealedField) -> bytes:
        try:
            bound, put, text = self._read(token)
            key = self._at_work if bound.day == self.bound.day else self.of(bound)._at_work
            sealed = _bytes_of(text)
            said = AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._said(bound.job, put))
        except (ValueError, binascii.Error, InvalidTag):
            raise Redacted from None
        if bound != (UNBOUND if self.bound.job is None else self.bound) or put not in ("", field):
            raise Misplaced
        return said

    def _read(self, token: str) -> tuple[Bound, str, str]:
        """What it says it is bound to, the field, and what it holds. Raises ValueError and Redacted."""
        bound, parts = sealed_for(token), token.split(".")
        if UUID(parts[1]) != self.id:
            raise Redacted
        return bound, "" if bound.job is None else parts[-2], parts[-1]

    def _said(self, job: UUID | None, field: str) -> bytes:
        return self.id.bytes if job is None else b"v2" + self.id.bytes + job.bytes + field.encode()


class LockedKey:
    """A key that cannot be unwrapped here: whatever it sealed stays shut, and nothing else."""

    __slots__ = ("_why", "bound", "id")

    def __init__(self, key_id: UUID, why: InvalidSettings, bound: Bound = UNBOUND) -> None:
        self.id = key_id
        self.bound = bound
        self._why = why

    def of(self, bound: Bound) -> LockedKey:
        return LockedKey(self.id, self._why, bound)

    def seal(self, text: bytes, field: SealedField) -> str:  # noqa: ARG002
        raise Locked(self._why.detail, self._why.remedy)

    def open(self, token: str, field: SealedField) -> bytes:  # noqa: ARG002
        raise Locked(self._why.detail, self._why.remedy)


def _text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes_of(text: str) -> bytes:
    """What only this text stands for: bits that mean nothing are not passed over. Raises ValueError."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    end = len(data) // 3 * 3
    if _text_of(data[end:]) != text[end // 3 * 4 :]:
        raise ValueError("is not as it was written")
    return data
