"""Ids that are ordered by time and repeatable (RFC 9562).

Minted ids are UUIDv7. Derived ids are UUIDv8: the 48-bit time of their cause, then a hash of the cause and a name, so the
same cause gives the same id, and indexes stay in time order.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from uuid import UUID, SafeUUID

import orjson

_MASK_48 = (1 << 48) - 1
_TIME = _MASK_48 << 80
_RAND_A = 0xFFF << 64
_RAND_B = (1 << 62) - 1
_VARIANT = 0b10 << 62
_V7 = 0x7 << 76 | _VARIANT
_V8 = 0x8 << 76 | _VARIANT
_UNKNOWN = SafeUUID.unknown
_NO_TIME = UUID(int=0)
# A UUID refuses to be changed, so its two slots are set by their own descriptors.
_set_int = vars(UUID)["int"].__set__
_set_is_safe = vars(UUID)["is_safe"].__set__


def time_ms_of(value: UUID) -> int:
    """The 48-bit Unix time in milliseconds that a UUIDv7 or one of our UUIDv8 starts with."""
    return value.int >> 80


def _uuid_of(value: int) -> UUID:
    """`UUID(int=value)` without the checks that our own numbers pass anyway: ids are made several times an event."""
    made = object.__new__(UUID)
    _set_int(made, value)
    _set_is_safe(made, _UNKNOWN)
    return made


def uuid_from(text: str) -> UUID:
    """`UUID(text)`, at half its price for plain text. Raises ValueError."""
    digits = text.replace("-", "")
    if len(digits) == 32:
        try:
            return _uuid_of(int(digits, 16))
        except ValueError:
            pass
    return UUID(text)


def id_bytes(value: UUID) -> bytes:
    """`str(value)` as bytes, at a quarter of its price. (A database driver's own class of ids has a cheap one itself.)"""
    return orjson.dumps(value)[1:-1] if type(value) is UUID else str(value).encode()


def uuid7(time_ms: int, random_74: int) -> UUID:
    """A UUIDv7 from a Unix time in milliseconds and 74 random bits."""
    return _uuid_of((time_ms & _MASK_48) << 80 | _V7 | random_74 << 2 & _RAND_A | random_74 & _RAND_B)


def derive_id(cause: UUID, name: str, scope: str = "") -> UUID:
    """The id of what `cause` brings about under `name`: the same arguments give the same id, everywhere, for ever."""
    return _derived(cause.int, f"\x1f{scope}\x1f{name}".encode())


def _derived(number: int, words: bytes) -> UUID:
    hashed = int.from_bytes(hashlib.sha256(number.to_bytes(16) + words).digest()[:10])
    # As `_uuid_of` does it: ten ids are derived for a job.
    made = object.__new__(UUID)
    _set_int(made, number & _TIME | _V8 | hashed << 2 & _RAND_A | hashed & _RAND_B)
    _set_is_safe(made, _UNKNOWN)
    return made


FIRST_EPOCH = 1


def stored_id_of(stream_id: UUID, version: int, epoch: int = FIRST_EPOCH) -> UUID:
    """The id of the event in this place of a stream. Where a store comes back without its last events, the same places are
    filled anew, in another epoch, and maybe otherwise: those are other events.
    """
    return _derived(stream_id.int, _place_words(version, epoch))


def stored_ids_of(stream_id: UUID, version: int, count: int, epoch: int = FIRST_EPOCH) -> list[UUID]:
    """Those of so many events that follow on a version."""
    number = stream_id.int
    return [_derived(number, _place_words(version + nth, epoch)) for nth in range(1, count + 1)]


@lru_cache(maxsize=4096)
def _place_words(version: int, epoch: int) -> bytes:
    place = f"event:{version}" if epoch == FIRST_EPOCH else f"event:{version}:{epoch}"
    return f"\x1f\x1f{place}".encode()


def time_ordered_key(key: str) -> UUID | None:
    """The idempotency key as a UUIDv7, or None where it is any other text."""
    try:
        value = uuid_from(key)
    except ValueError:
        return None
    return value if value.version == 7 and id_bytes(value).decode() == key.lower() else None


def job_id_of(tenant: str, key: UUID) -> UUID:
    """The job id that a tenant's UUIDv7 idempotency key stands for."""
    return derive_id(key, "job", tenant)


def event_id_of(source: str, name: str) -> UUID:
    """The id of an event whose own is no UUID, from what CloudEvents say is unique: (source, id), and nothing else."""
    return derive_id(_NO_TIME, name, f"{len(source)}:{source}")


def asked_job_id_of(tenant: str, source: str, event_id: UUID) -> UUID:
    """The job that a tenant's event without an idempotency key stands for, where the id of the event is a UUIDv7."""
    return derive_id(event_id, "asked", f"{tenant}:{source}")


def asked_key_of(source: str, event_id: UUID) -> str:
    """What is held for any other event without an idempotency key. It has a space, as no key of a sender has."""
    return f"ce {hashlib.sha256(b'%b:%b' % (event_id.bytes, source.encode())).hexdigest()}"


def refusal_id_of(tenant: str, source: str, event_id: UUID) -> UUID:
    """The stream in which a tenant's question is refused, if it is: one for each event, whatever its key."""
    return derive_id(event_id, "rejected", f"{tenant}:{source}")


def lineage_id_of(job_id: UUID, leg: str) -> UUID:
    """What all tries of one leg of a job have in common: what one of them handed in, the next one finds."""
    return derive_id(job_id, f"leg:{leg}")


def attempt_id_of(job_id: UUID, leg: str, number: int) -> UUID:
    """The id of one try of a leg: a repeat of the same try is recognised by it."""
    return derive_id(job_id, f"attempt:{leg}:{number}")


def seed_of(job_id: UUID) -> int:
    """The seed of a job that asks for none."""
    return derive_id(job_id, "seed").int & 0x7FFF_FFFF
