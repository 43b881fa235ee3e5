"""The keys of subjects as whoever seals and opens uses them: AES-256-GCM, a key by a key by a key.

The master key lies in a file and wraps the key of each tenant; that wraps the key of each subject; wrapped they lie in the
database. A copy of the database says nothing without the file, and the file says nothing of whose key is destroyed.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from queuebit_contracts.sealed import Bound, DataKey
from queuebit_store.errors import InvalidSettings
from queuebit_store.keys.cipher import KEY_BYTES, NONCE_BYTES, LockedKey, SubjectCipher, key_of_day
from queuebit_store.keys.port import Keys, SubjectKey, TenantSecret

MASTER_KEY_VARIABLE = "QUEUEBIT_MASTER_KEY_FILE"
REMEMBERED_MAX = 10_000
REMEMBERED_S = 10.0
"""A key that was destroyed opens nothing any more after so long, in any process."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """By name. The first wraps what is new; the others open what was wrapped before."""

    keys: Mapping[str, bytes]

    @property
    def first(self) -> str:
        return next(iter(self.keys))


class KeyRing:
    """Finds and makes the keys of subjects; which day it is the store says. `monotonic_s` is a clock, `random` gives so many
    random bytes, `mint` a new id.
    """

    def __init__(
        self,
        keys: Keys,
        masters: MasterKeys,
        *,
        monotonic_s: Callable[[], float],
        random: Callable[[int], bytes],
        mint: Callable[[], UUID],
    ) -> None:
        self._keys = keys
        self._masters = masters
        self._monotonic_s = monotonic_s
        self._random = random
        self._mint = mint
        self._opened: OrderedDict[UUID, tuple[SubjectCipher, float, str]] = OrderedDict()
        self._tenants: dict[str, bytes] = {}

    async def of_subject(self, tenant: str, subject: str) -> DataKey:
        """The key to seal data of the subject with now; a new one where it has none. Raises StoreError."""
        found, now = await self._keys.live_key(tenant, subject)
        if found is None:
            secret = await self._tenant_key(tenant)
            key_id = self._mint()
            wrapped = self._wrap(secret, self._random(KEY_BYTES), key_id.bytes)
            found = await self._keys.add_subject_key(SubjectKey(key_id, tenant, subject, wrapped, now, now.date()))
        cipher = await self._cipher(found)
        assert cipher is not None
        # Kept by a clock that went before: what is sealed is of its first day at the earliest.
        return cipher.of(Bound(None, max(now.date(), found.since)))

    async def of_ids(self, key_ids: Collection[UUID], tenant: str | None = None) -> dict[UUID, DataKey | None]:
        """The keys to open with, of this tenant where one is named; None for one that is destroyed, that nobody knows, or that
        is another tenant's. One that cannot be unwrapped says so when it is used, so that it holds up nobody else. Raises
        StoreError.
        """
        at_s = self._monotonic_s()
        found: dict[UUID, DataKey | None] = {}
        for key_id in key_ids:
            remembered = self._opened.get(key_id)
            if remembered is not None and remembered[1] > at_s and tenant in (None, remembered[2]):
                found[key_id] = remembered[0]
        wanted = [key_id for key_id in key_ids if key_id not in found]
        if wanted:
            rows = await self._keys.subject_keys(wanted)
            for key_id in wanted:
                row = rows.get(key_id)
                if row is None or tenant not in (None, row.tenant):
                    found[key_id] = None
                    continue
                try:
                    found[key_id] = await self._cipher(row)
                except InvalidSettings as why:
                    log.error("%s", why)
                    found[key_id] = LockedKey(key_id, why)
        return found

    async def erased_since(self, tenant: str, subject: str, at: datetime) -> bool:
        """Whether data of the subject that is as old as that was erased. Raises StoreError."""
        keys = await self._keys.keys_of_subject(tenant, subject)
        return any(key.destroyed_at is not None and key.destroyed_at >= at for key in keys)

    async def note_job(self, key: DataKey, job_id: UUID) -> None:
        """Remember that data of the job is sealed with the key. Raises StoreError."""
        await self._keys.note_sealed(key.id, job_id)

    async def moved_on(self, row: SubjectKey, day: date) -> bool:
        """Keep the key of this day in the place of an earlier one: what was sealed before it is erased. Whether it was kept
        here; not where somebody else was before. Raises StoreError and InvalidSettings.
        """
        if row.wrapped is None or row.since >= day:
            return False
        secret = await self._tenant_key(row.tenant)
        key = key_of_day(self._unwrap(secret, row.wrapped, row.key_id.bytes), row.since, day)
        return await self._keys.move_key(row, self._wrap(secret, key, row.key_id.bytes), day)

    async def _cipher(self, row: SubjectKey) -> SubjectCipher | None:
        if row.wrapped is None:
            self._opened.pop(row.key_id, None)
            return None
        key = self._unwrap(await self._tenant_key(row.tenant), row.wrapped, row.key_id.bytes)
        cipher = SubjectCipher(row.key_id, key, row.since, self._random)
        self._opened[row.key_id] = (cipher, self._monotonic_s() + REMEMBERED_S, row.tenant)
        self._opened.move_to_end(row.key_id)
        if len(self._opened) > REMEMBERED_MAX:
            self._opened.popitem(last=False)
        return cipher

    async def _tenant_key(self, tenant: str) -> bytes:
        if (known := self._tenants.get(tenant)) is not None:
            return known
        secret = await self._keys.tenant_secret(tenant)
        if secret is None:
            first = self._masters.first
            wrapped = self._wrap(self._masters.keys[first], self._random(KEY_BYTES), tenant.encode())
            secret = await self._keys.add_tenant_secret(TenantSecret(tenant, first, wrapped))
        master = self._masters.keys.get(secret.master)
        if master is None:
            raise InvalidSettings(
                f"The key of the tenant {tenant} was wrapped by the master key {secret.master!r}, which is not in"
                f" {MASTER_KEY_VARIABLE}.",
                remedy="Put its line back into the file, after the one that wraps what is new.",
            )
        self._tenants[tenant] = self._unwrap(master, secret.wrapped, tenant.encode())
        return self._tenants[tenant]

    def _wrap(self, by: bytes, key: bytes, whose: bytes) -> bytes:
        nonce = self._random(NONCE_BYTES)
        return nonce + AESGCM(by).encrypt(nonce, key, whose)

    def _unwrap(self, by: bytes, wrapped: bytes, whose: bytes) -> bytes:
        try:
            return AESGCM(by).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], whose)
        except InvalidTag:
            raise InvalidSettings(
                "A wrapped key does not open: the master key has the name of another one, or the row was changed.",
                remedy=f"Look at {MASTER_KEY_VARIABLE}: each name stands for one key for ever.",
            ) from None


def master_keys_from(path: Path) -> MasterKeys:
    """Read the file: a line a key, `NAME:BASE64` of 32 bytes, the one that wraps what is new first. Raises InvalidSettings,
    which tells nothing of a key.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise InvalidSettings(
            f"{MASTER_KEY_VARIABLE} names {path}, which cannot be read ({error.strerror}).",
            remedy="Name a file that this user may read.",
        ) from None
    found: dict[str, bytes] = {}
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), start=1):
        name, parted, encoded = line.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not parted or not name.strip() or len(key) != KEY_BYTES or name.strip() in found:
            raise InvalidSettings(
                f"Line {number} of {path} is no master key with a name of its own.",
                remedy="Write NAME:KEY, where `openssl rand -base64 32` makes the key.",
            )
        found[name.strip()] = key
    if not found:
        raise InvalidSettings(f"{path} holds no master key.", remedy="Write NAME:KEY into it, a line a key.")
    return MasterKeys(found)
