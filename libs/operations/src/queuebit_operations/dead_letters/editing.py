"""A corrected copy of a dead letter. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from queuebit_contracts.ids import derive_id
from queuebit_operations.dead_letters.box import Kept
from queuebit_operations.errors import BadArgument, InConflict
from queuebit_runtime.bus.dead_letters.headers import OF_A_LETTER


class Copy(NamedTuple):
    """What is sent: the value, and the headers that are set."""

    value: bytes
    headers: dict[str, bytes]
    changed: tuple[str, ...]
    """What the operator named: the value, or headers. What they hold now stands nowhere but in the copy."""


def edited(kept: Kept, box: Sequence[Kept], value: bytes | None, said: Sequence[str]) -> Copy:
    """The copy with `said`, each NAME=VALUE. Its id follows from the letter's place and from what the copy says: the same edit
    made twice is one event, and another edit is another. Raises BadArgument, and InConflict where the letter is settled or
    waits behind another.
    """
    if value is None and not said:
        raise BadArgument("Nothing is changed.", remedy="Give --value-file, --header or both.")
    if kept.state not in ("open", "quarantined"):
        raise InConflict(f"The dead letter {kept.id} is {kept.state}.", remedy="Only one that is open can be edited.")
    same_key = [each for each in box if each.open and each.sequence == kept.sequence]
    if any(each.letter.first_offset < kept.letter.first_offset for each in same_key):
        raise InConflict(f"The dead letter {kept.id} is behind another of its key.", remedy="Settle that one first.")
    headers: dict[str, bytes] = {}
    for each in said:
        name, sign, text = each.partition("=")
        if not sign or not name or name in OF_A_LETTER:
            raise BadArgument(f"{each!r} is no header to set.", remedy="Give NAME=VALUE; what we set ourselves stays.")
        headers[name] = text.encode()
    changed = (*(() if value is None else ("value",)), *headers)
    new = (kept.letter.value or b"") if value is None else value
    headers.setdefault("ce_id", str(_id_of(kept, new, headers)).encode())
    return Copy(new, headers, changed)


def _id_of(kept: Kept, value: bytes, headers: Mapping[str, bytes]) -> UUID:
    said = sha256(b"".join(b"%d:%b" % (len(each), each) for each in _parts(value, headers))).hexdigest()
    try:
        return derive_id(UUID(kept.letter.named("ce_id") or ""), f"edited {kept.letter.origin} {said}")
    except ValueError:
        return uuid5(NAMESPACE_URL, f"queuebit:edited:{kept.letter.origin}:{said}")


def _parts(value: bytes, headers: Mapping[str, bytes]) -> Iterator[bytes]:
    yield value
    for name in sorted(headers):
        yield name.encode()
        yield headers[name]
