"""The log against its record: what was changed, taken out, put in or moved since it was recorded, and about where."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from queuebit_operations.audit.keeping import root_over
from queuebit_operations.audit.leaves import Leaf, Leaves
from queuebit_operations.audit.record import TILE, Checkpoint, Record, Tile
from queuebit_operations.audit.tree import root
from queuebit_store.ports import EventLog, Position


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was recorded: between which events of the log, and what."""

    first: int
    last: int
    detail: str


@dataclass(slots=True)
class Verified:
    """What came out. `archived`: stretches with events of archived months, which were taken by their hash. `beyond`: events
    after the last checkpoint, of which nothing is known. `signed`: whether signatures were checked.
    """

    events: int = 0
    checkpoints: int = 0
    archived: int = 0
    beyond: int = 0
    signed: bool = False
    findings: list[Finding] = field(default_factory=list)


async def verify(
    log: EventLog,
    categories: Sequence[str],
    record: Record,
    *,
    archived: Collection[str],
    public: Ed25519PublicKey | None,
) -> Verified:
    """Hash the log anew and compare. `archived`: months whose events lie in files. Raises StoreUnavailable."""
    found = Verified(checkpoints=len(record.checkpoints), signed=public is not None)
    leaves = Leaves(log, categories)
    for number, tile in enumerate(record.tiles):
        inside = await leaves.until(tile.end)
        found.events += len(inside)
        if root([each.hash for each in inside]).hex() == tile.hash and len(inside) == TILE:
            _check_within(found, record, number, inside)
        elif set(tile.months) & set(archived):
            found.archived += 1
        else:
            found.findings.append(_differs(number, tile.last_at.isoformat(), len(inside) - TILE))
    await _check_end(found, record, leaves, archived)
    _check_said(found, record, public)
    while await leaves.next() is not None:
        found.beyond += 1
    return found


async def _check_end(found: Verified, record: Record, leaves: Leaves, archived: Collection[str]) -> None:
    """What follows the last whole stretch, up to the last checkpoint."""
    last = record.checkpoints[-1] if record.checkpoints else None
    if last is None or last.size <= len(record.tiles) * TILE:
        return
    inside = await leaves.until(last.end)
    found.events += len(inside)
    wanted = last.size - len(record.tiles) * TILE
    if len(inside) == wanted and root_over(record.tiles, inside).hex() == last.root:
        _check_within(found, record, len(record.tiles), inside)
    elif len(inside) < wanted and _may_be_archived(record, archived):
        found.archived += 1
    else:
        found.findings.append(_differs(len(record.tiles), last.at.isoformat(), len(inside) - wanted, wanted))


def _may_be_archived(record: Record, archived: Collection[str]) -> bool:
    """Whether events behind the last whole stretch may lie in files: of months that are older than all of that stretch, none
    may. Else a log that was cut off would pass as soon as anything was archived.
    """
    return bool(archived) and (not record.tiles or max(archived) >= min(record.tiles[-1].months))


def _check_within(found: Verified, record: Record, number: int, inside: Sequence[Leaf]) -> None:
    """Checkpoints that ended within a stretch which is as it was recorded."""
    for each in record.checkpoints:
        if each.size // TILE == number and each.size % TILE:
            kept = inside[: each.size % TILE]
            if root_over(record.tiles[:number], kept).hex() != each.root or kept[-1].position != each.end:
                found.findings.append(
                    Finding(0, each.size, f"is not what the checkpoint of {each.at.isoformat()} says")
                )


def _check_said(found: Verified, record: Record, public: Ed25519PublicKey | None) -> None:
    """What the record says of itself."""
    before: Checkpoint | None = None
    signed = record.checkpoints[-1].size if record.checkpoints else -1
    if signed < len(record.tiles) * TILE:
        # Lines that no checkpoint covers are signed by nobody: each checkpoint is written in one go with what it covers.
        found.findings.append(Finding(max(0, signed), len(record.tiles) * TILE, "the record lacks its last checkpoint"))
    for each in record.checkpoints:
        whole = each.size % TILE == 0 and each.size // TILE <= len(record.tiles)
        if whole and root_over(record.tiles[: each.size // TILE], []).hex() != each.root:
            found.findings.append(Finding(0, each.size, f"is not what the checkpoint of {each.at.isoformat()} says"))
        if public is not None and not each.is_by(public):
            found.findings.append(
                Finding(0, each.size, f"the checkpoint of {each.at.isoformat()} is not signed by this key")
            )
        if each.size // TILE > len(record.tiles) or (
            before is not None and (each.size < before.size or each.at < before.at)
        ):
            found.findings.append(Finding(0, each.size, "the record lacks lines, or they are out of order"))
        before = each
    ends = [Position()] + [each.end for each in record.tiles]
    if ends != sorted(set(ends)):
        found.findings.append(Finding(0, len(record.tiles) * TILE, "the record lacks lines, or they are out of order"))


def _differs(number: int, at: str, more: int, wanted: int = TILE) -> Finding:
    if more:
        said = f"{abs(more)} {'more than were' if more > 0 else 'of those that were'} recorded by {at}"
        detail = f"{said} are {'there: put in' if more > 0 else 'not there: taken out'}"
    else:
        detail = f"as many as were recorded by {at}, and not the same: changed, moved or exchanged"
    return Finding(number * TILE, number * TILE + wanted - 1, detail)


__all__ = ["Finding", "Tile", "Verified", "verify"]
