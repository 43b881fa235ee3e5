"""Take a month of the log out into files, and put it back: each step may be done again after a crash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from queuebit_operations.archiving.manifest import Manifest, Part, part_of, read_manifest, told_in, write_manifest
from queuebit_operations.archiving.store import ArchiveStore, Noted
from queuebit_operations.archiving.tables import TABLES, need_arrow, read_table, writing
from queuebit_operations.errors import InConflict, NotThere
from queuebit_store.partitions.port import Partition
from queuebit_store.ports import Position

Progress = Callable[[str, int], None]
"""Told of a table and how many of its rows are done."""


async def chosen(store: ArchiveStore, name: str, now: datetime) -> Partition:
    """The partition of that name, if it may be taken out. Raises NotThere or InConflict."""
    partition = next((each for each in await store.partitions() if each.name == name), None)
    if partition is None:
        raise NotThere(f"There is no partition {name}.", remedy="See: queuebit ops archive list")
    if partition.until > now:
        raise InConflict(f"{name} has not ended: jobs still begin in it.", remedy="Wait until its month is over.")
    if open_streams := await store.unfinished(partition):
        raise InConflict(
            f"{open_streams} streams of {name} have not ended.", remedy="Let them end, or cancel them, and try again."
        )
    await _refuse_unread(store, partition)
    return partition


async def _refuse_unread(store: ArchiveStore, partition: Partition) -> None:
    if behind := await store.unread(partition):
        raise InConflict(
            f"Not all of {partition.name} was read by {', '.join(behind)}.", remedy="Let the readers catch up first."
        )


async def write(store: ArchiveStore, partition: Partition, folder: Path, now: datetime, progress: Progress) -> Manifest:
    """Write it into a folder of its own below `folder`, and read every file again. Changes nothing in the store. Raises
    InConflict where the archive of another log lies there.
    """
    place = folder / partition.name
    await _refuse_another(store, partition, place)
    place.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Part] = {}
    need_arrow()
    async with store.one_moment():
        for table in TABLES:
            path = place / f"{table}.parquet"
            with writing(path, table) as file:
                async for rows in store.pages(table, partition):
                    file.write(rows)
                    progress(table, file.rows)
            parts[table] = part_of(path, file.rows)
    manifest = Manifest(partition, parts, now)
    write_manifest(place, manifest)
    _check(place, read_manifest(place))
    return manifest


async def _refuse_another(store: ArchiveStore, partition: Partition, place: Path) -> None:
    """Months of two namespaces have the same names. What a crash left of this one holds as many events as the month."""
    found = told_in(place)
    if found is None:
        return
    digest, events = found
    noted = await store.noted(partition.name)
    ours = noted is not None and noted.digest == digest
    if not ours and events != (await store.size(partition))[0]:
        raise InConflict(
            f"{place} holds the archive of another log.", remedy="Name a folder for this namespace alone by --to."
        )


async def take_out(store: ArchiveStore, manifest: Manifest, folder: Path, *, actor: str, reason: str) -> None:
    """Take out what was written: the events at once, then their heads, keys and payloads. Raises InConflict."""
    partition, events = manifest.partition, manifest.rows("events")
    place = str((folder / partition.name).resolve())
    await store.note(partition, manifest.digest, place, events, manifest.rows("streams"), actor, reason)
    async with store.before_builds():
        await _refuse_unread(store, partition)
        if not await store.take_out(partition, events):
            raise InConflict(
                f"{partition.name} has got events since it was written.", remedy="Create the archive again."
            )
    await store.clear(partition)


async def finish(store: ArchiveStore, noted: Noted) -> None:
    """Drop what a crash left between the events of a month and their heads."""
    await store.clear(Partition(noted.name, noted.since, noted.until))


async def put_back(store: ArchiveStore, folder: Path, digest: str, progress: Progress) -> bool:
    """Put an archive back: its heads and keys, and last its events, all at once; False where that was done before. `digest` is
    what was shown to whoever wants it back. Raises BadArgument or InConflict.
    """
    manifest = read_manifest(folder)
    partition = manifest.partition
    noted = await store.noted(partition.name)
    if manifest.digest != digest:
        raise InConflict(
            f"{folder} is another archive than the one that was frozen.", remedy="Give the verb once more."
        )
    if noted is not None and noted.state == "restored" and noted.digest == digest:
        return False
    if noted is not None and noted.state == "archived" and noted.digest != digest:
        raise InConflict(f"{folder} is another archive of {partition.name} than the one that was taken out.")
    if any(each.since < partition.until and partition.since < each.until for each in await store.partitions()):
        raise InConflict(f"{partition.name} is in the log already.")
    _check(folder, manifest)
    end = _last_place(folder)
    await _refuse_half_read(store, partition, end)
    await store.begin_restore(partition)
    for table in ("streams", "keys", "events"):
        done = 0
        for rows in read_table(folder / f"{table}.parquet", table):
            await store.put(partition, table, rows)
            done += len(rows)
            progress(table, done)
    async with store.before_builds():
        await _refuse_half_read(store, partition, end)
        await store.end_restore(partition)
    return True


async def _refuse_half_read(store: ArchiveStore, partition: Partition, end: Position) -> None:
    """Who stands before the end of the month would read of it what lies ahead; a projection that was filled from the files too
    would take that a second time.
    """
    if behind := await store.behind(end):
        raise InConflict(
            f"{', '.join(behind)} has not read as far as {partition.name} goes, and would read a part of it.",
            remedy="Let the readers catch up first; a build of a projection can be dropped, too.",
        )


def _last_place(folder: Path) -> Position:
    columns = list(TABLES["events"])
    places = [columns.index(name) for name in Position._fields]
    rows = (row for page in read_table(folder / "events.parquet", "events") for row in page)
    return max((Position(*[row[each] for each in places]) for row in rows), default=Position())


def _check(folder: Path, manifest: Manifest) -> None:
    """Whether each file has as many rows as it says. Raises InConflict."""
    for table, part in manifest.parts.items():
        rows = sum(len(page) for page in read_table(folder / f"{table}.parquet", table))
        if rows != part.rows:
            raise InConflict(f"{table} of {folder} has {rows} rows; {part.rows} were written.")
