"""What is kept of the attempts of a job, as its events refer to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import Artifacts as Reference
from queuebit_domain.job.codec import read_event
from queuebit_domain.stored import Stored
from queuebit_operations.errors import NotThere
from queuebit_store.artifacts.manifest import Item, Manifest, decode_manifest
from queuebit_store.artifacts.port import Artifacts
from queuebit_store.errors import ArtifactGone


@dataclass(frozen=True, slots=True)
class Kept:
    """Of one attempt: the event that refers to it, and the list."""

    attempt_id: UUID
    leg: str
    version: int
    reference: Reference
    manifest: Manifest


def references(stored: Sequence[Stored]) -> Iterator[tuple[int, ev.ExecutionSucceeded | ev.ExecutionFailed]]:
    """The events of a job that refer to something, with their versions. Raises CorruptStream."""
    for version, row in enumerate(stored, start=1):
        event = read_event(row)
        if isinstance(event, ev.ExecutionSucceeded | ev.ExecutionFailed) and event.artifacts is not None:
            yield version, event


def kept_of(stored: Sequence[Stored], artifacts: Artifacts) -> list[Kept]:
    """What is kept of a job, attempt by attempt: what proves a paid one is there for longer than what simulators made.

    Raises what the store raises: ArtifactGone where nothing is left, ArtifactDamaged for any list.
    """
    found: list[Kept] = []
    gone: ArtifactGone | None = None
    for version, event in references(stored):
        assert event.artifacts is not None
        try:
            manifest = decode_manifest(artifacts.get(event.artifacts.sha256))
        except ArtifactGone as error:
            gone = error
            continue
        found.append(Kept(event.attempt_id, event.leg, version, event.artifacts, manifest))
    if gone is not None and not found:
        raise gone
    return found


def chosen(kept: Sequence[Kept], name: str) -> Item:
    """The artifact of that name or hash, of the last attempt that has one. Raises NotThere."""
    for each in reversed(kept):
        if (item := each.manifest.item(name)) is not None and item.kept and item.sha256 is not None:
            return item
    raise NotThere(f"Nothing is kept as {name!r}.", remedy="Give a name or a hash from the list, without --fetch.")
