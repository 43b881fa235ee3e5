"""The events of one job with what proves that they are in the log, for whoever has a checkpoint and no database."""

from __future__ import annotations

from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field, ValidationError

from queuebit_contracts.model import StrictModel
from queuebit_operations.audit.keeping import root_over
from queuebit_operations.audit.leaves import Leaf, Leaves, content_of, read_content
from queuebit_operations.audit.record import TILE, Checkpoint, Hash, Record
from queuebit_operations.audit.tree import leaf, path, root, root_by
from queuebit_operations.errors import BadArgument, InConflict, NotThere
from queuebit_store.log.port import PLACE
from queuebit_store.ports import EventLog, Position, StoredEvent

EVENTS_MAX = 100_000


class Proven(StrictModel):
    """One event: what was hashed of it (base64), as which entry it stands in the log, and the way to the hash over all."""

    type: str
    version: int
    data: str
    content: str
    index: Annotated[int, Field(ge=0)]
    way: tuple[Hash, ...]


class Proof(StrictModel):
    """The events of a job, in order, under a checkpoint."""

    format: Literal["queuebit-audit-proof/1"] = "queuebit-audit-proof/1"
    job_id: UUID
    checkpoint: Checkpoint
    events: tuple[Proven, ...]


async def prove(log: EventLog, categories: Sequence[str], record: Record, job_id: UUID) -> Proof:
    """Raises NotThere where the last checkpoint knows nothing of it, InConflict where the log is not as it was recorded."""
    if not record.checkpoints:
        raise NotThere("There is no checkpoint yet.", remedy="`queuebit audit checkpoint` makes one.")
    last, ends = record.checkpoints[-1], [each.end for each in record.tiles]
    stored: list[StoredEvent] = await log.events_of(job_id, limit=EVENTS_MAX)
    stored = [each for each in stored if each.position <= last.end]
    if not stored:
        raise NotThere(f"The last checkpoint knows no event of {job_id}.")
    tail = await Leaves(log, categories, ends[-1] if ends else Position()).until(last.end)
    if root_over(record.tiles, tail).hex() != last.root:
        raise InConflict("The log is not what was recorded.", remedy="See what differs: `queuebit audit verify`.")
    above = [bytes.fromhex(each.hash) for each in record.tiles] + ([root([one.hash for one in tail])] if tail else [])
    kept: dict[int, list[Leaf]] = {len(ends): tail}
    proven = []
    for event in stored:
        number = bisect_left(ends, event.position)
        if number not in kept:
            start = ends[number - 1] if number else Position()
            kept[number] = await Leaves(log, categories, start).until(ends[number])
        hashes = [one.hash for one in kept[number]]
        if root(hashes) != above[number]:
            raise InConflict("The log is not what was recorded.", remedy="See what differs: `queuebit audit verify`.")
        offset = [one.position for one in kept[number]].index(event.position)
        bare = (
            await log.read(_before(kept[number], offset, number, ends), limit=1, categories=categories, whole=False)
        )[0]
        way = [*path(hashes, offset), *path(above, number)]
        proven.append(
            Proven(
                type=event.type, version=event.version, data=event.data, content=b64encode(content_of(bare)).decode(),
                index=number * TILE + offset, way=tuple(each.hex() for each in way),
            )
        )  # fmt: skip
    return Proof(job_id=job_id, checkpoint=last, events=tuple(proven))


def _before(leaves: Sequence[Leaf], offset: int, number: int, ends: Sequence[Position]) -> Position:
    if offset:
        return leaves[offset - 1].position
    return ends[number - 1] if number else Position()


def wrong_with(proof: Proof, public: Ed25519PublicKey | None) -> list[str]:
    """What is wrong with a proof, by itself; nothing where it holds."""
    checkpoint = proof.checkpoint
    wrong = [] if public is None or checkpoint.is_by(public) else ["the checkpoint is not signed by this key"]
    versions = [event.version for event in proof.events]
    if not versions or versions != list(range(1, len(versions) + 1)):
        wrong.append("events of the job are missing, or out of order")
    for event in proof.events:
        try:
            content = b64decode(event.content, validate=True)
        except ValueError:
            content = b""
        way = [bytes.fromhex(each) for each in event.way]
        led = root_by(leaf(content), event.index, checkpoint.size, way)
        if led is None or led.hex() != checkpoint.root:
            wrong.append(f"event {event.version} is not where it is said to be")
        elif not _is_said(proof.job_id, event, content):
            wrong.append(f"event {event.version} is another one than it is said to be")
    return wrong


def _is_said(job_id: UUID, event: Proven, content: bytes) -> bool:
    """Whether what is shown of an event for people is what was hashed of it."""
    try:
        hashed = read_content(content)
    except ValueError:
        return False
    data, at = event.data, hashed.payload_at
    if at is not None:
        behind = at + len(data) - (len(hashed.data) - len(PLACE))
        if sha256(data[at:behind].encode()).digest() != hashed.payload_hash:
            return False
        data = f"{data[:at]}{PLACE}{data[behind:]}"
    return (job_id, event.version, event.type, data) == (hashed.stream_id, hashed.version, hashed.type, hashed.data)


def write_proof(file: Path, proof: Proof) -> None:
    """As JSON. Raises BadArgument."""
    try:
        file.write_text(proof.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadArgument(f"The file {file} cannot be written: {error.strerror}.") from None


def read_proof(file: Path) -> Proof:
    """As it was written. Raises BadArgument."""
    try:
        return Proof.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        raise BadArgument(f"{file} is no proof.", remedy="`queuebit audit export` writes one.") from None
