"""From the log to its record: what has happened since the last checkpoint is hashed, and a new one signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from queuebit_operations.audit.leaves import Leaf, Leaves
from queuebit_operations.audit.record import TILE, Checkpoint, Record, Tile
from queuebit_operations.audit.tree import root
from queuebit_operations.errors import InConflict
from queuebit_store.ports import EventLog, Position


async def extended(
    log: EventLog, categories: Sequence[str], record: Record, *, origin: str, now: datetime, key: Ed25519PrivateKey
) -> list[Tile | Checkpoint]:
    """The lines that the record lacks: none where nothing has happened since. Raises StoreUnavailable, and InConflict where the
    end of what was recorded is not as it was: then the whole is to be verified.
    """
    tiles = list(record.tiles)
    last = record.checkpoints[-1] if record.checkpoints else None
    leaves = Leaves(log, categories, tiles[-1].end if tiles else Position())
    tail = await _tail(leaves, tiles, last)
    known, made = len(tiles) * TILE + len(tail), []
    while (one := await leaves.next()) is not None:
        tail.append(one)
        if len(tail) == TILE:
            made.append(tile_of(tail))
            tail = []
    tiles += made
    size = len(tiles) * TILE + len(tail)
    if size == known:
        return []
    end = tail[-1].position if tail else tiles[-1].end
    checkpoint = Checkpoint(origin=origin, size=size, root=root_over(tiles, tail).hex(), last=end, at=now)
    return [*made, checkpoint.signed(key)]


async def _tail(leaves: Leaves, tiles: Sequence[Tile], last: Checkpoint | None) -> list[Leaf]:
    if last is None:
        return []
    tail = await leaves.until(last.end)
    if len(tiles) * TILE + len(tail) != last.size or root_over(tiles, tail).hex() != last.root:
        raise InConflict(
            "The log is not what it was when the last checkpoint was made.",
            remedy="See what differs: `queuebit audit verify`.",
        )
    return tail


def root_over(tiles: Sequence[Tile], tail: Sequence[Leaf]) -> bytes:
    """The hash over whole tiles and what follows them."""
    above = [bytes.fromhex(each.hash) for each in tiles]
    return root([*above, root([each.hash for each in tail])] if tail else above)


def tile_of(leaves: Sequence[Leaf]) -> Tile:
    """The line of 1,024 events."""
    return Tile(
        hash=root([each.hash for each in leaves]).hex(),
        last=tuple(leaves[-1].position),
        first_at=min(each.at for each in leaves),
        last_at=max(each.at for each in leaves),
        months=tuple(sorted({each.month for each in leaves})),
    )
