"""Projections against the fold: what their rows say, and what the events that they have read give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from queuebit_contracts.facts import Happened, read_fact
from queuebit_contracts.ids import uuid7
from queuebit_domain.projections.projection import Key, Projection, Row
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_operations.projections.scan import ProjectedScan, opened_projected
from queuebit_operations.verification.findings import Finding
from queuebit_operations.verification.parts import Verified
from queuebit_store.connections.settings import PostgresSettings
from queuebit_store.ports import Position
from queuebit_store.projections.folding import sentence_of, types_of
from queuebit_store.projections.port import Build, ReadEvent

Chosen = Sequence[tuple[Projection, Build]]


async def verify_live(settings: PostgresSettings, verified: Verified) -> None:
    """Compare all live builds, and add what is found. Raises what the store raises."""

    def count(rows: int) -> None:
        verified.counts.rows += rows

    async with opened_projected(settings) as scan:
        await verify_projections(scan, await scan.builds(), verified.findings.add, on_rows=count)


async def verify_projections(
    scan: ProjectedScan, builds: Sequence[Build], found: Callable[[Finding], None], *, on_rows: Callable[[int], None]
) -> None:
    """Compare every live build that this release folds. A projection over many jobs at once is compared only where nothing
    lies in archives: what it knows of those, the log does not say any more.
    """
    folds = {(each.name, each.version): each for each in PROJECTIONS}
    chosen = [
        (folds[each.name, each.version], each)
        for each in builds
        if each.state == "live" and (each.name, each.version) in folds
    ]
    for _, build in chosen:
        if build.failure is not None:
            found(Finding("projection_stopped", build.build, sentence_of(build.failure)))
    by_job = [each for each in chosen if each[0].by_job]
    archived = await scan.archived()
    over_all = [] if archived else [each for each in chosen if not each[0].by_job]
    whole = {build.build: await scan.whole(projection, build) for projection, build in over_all}
    sums: dict[str, dict[Key, Row]] = {build.build: {} for _, build in over_all}
    types = types_of([projection for projection, _ in chosen])
    async for page in scan.pages(by_job, types):
        happened = _Happened([(each, what) for each in page.events if (what := _happened(each)) is not None])
        for projection, build in by_job:
            stored, first = page.stored[build.build], _first_id(build)
            told: dict[Key, Row] = {}
            _fold(projection, first, happened, stored.cursor, told)
            seen = {(what.job_id,) for _, what in happened.events} if archived else stored.rows.keys()
            rows = {key: row for key, row in stored.rows.items() if key[0] >= first and key in seen}
            for finding in differences(projection, build.build, rows, told):
                found(finding)
            on_rows(len(rows))
        for projection, build in over_all:
            _fold(projection, _first_id(build), happened, whole[build.build].cursor, sums[build.build])
    for projection, build in over_all:
        for finding in differences(projection, build.build, whole[build.build].rows, sums[build.build]):
            found(finding)
        on_rows(len(whole[build.build].rows))


class _Happened:
    """What was read of some events."""

    def __init__(self, events: Sequence[tuple[ReadEvent, Happened]]) -> None:
        self.events = events
        self._newest = max((event[:3] for event, _ in events), default=(0, 0, 0))

    def read_by(self, first: UUID, cursor: Position) -> Sequence[tuple[ReadEvent, Happened]]:
        """Those of jobs from the first one on that a build at this cursor has read: mostly all."""
        if first.int or self._newest > cursor:
            return [each for each in self.events if each[1].job_id >= first and each[0][:3] <= cursor]
        return self.events


def _fold(
    projection: Projection,
    first: UUID,
    happened: _Happened,
    cursor: Position,
    rows: dict[Key, Row],
) -> None:
    """Fold what the build has read into rows. What cannot be read or folded is told by other checks, or by the build itself."""
    types, apply = projection.types, projection.apply
    for _, what in happened.read_by(first, cursor):
        if what.type not in types:
            continue
        try:
            changes = apply(rows, what)
        except Exception:  # noqa: S112
            # The build stands still before it, and that is told of the build.
            continue
        for key, row in changes.items():
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row


def differences(
    projection: Projection, build: str, stored: Mapping[Key, Row], folded: Mapping[Key, Row]
) -> Iterator[Finding]:
    """Rows that are missing, that nothing gives, or that say something else."""
    for key in stored.keys() | folded.keys():
        subject = f"{build} {'/'.join(map(str, key))}"
        there, wanted = stored.get(key), folded.get(key)
        if there is None:
            yield Finding("projection_differs", subject, "the row is missing")
        elif wanted is None:
            yield Finding("projection_differs", subject, "no event gives this row")
        elif (plain := _plain(projection, wanted)) != there:
            names = [name for name, a, b in zip(projection.columns, there, plain, strict=True) if a != b]
            yield Finding("projection_differs", subject, f"{', '.join(names)} is not what the events give")


def _plain(projection: Projection, row: Row) -> Row:
    """A folded row as it comes back from its table."""
    return tuple(
        _json(value)
        if kind == "jsonb" and value is not None
        else value.replace("\x00", "\ufffd")
        if kind == "text"
        else value
        for kind, value in zip(projection.columns.values(), row, strict=True)
    )


def _json(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value).replace(b"\\u0000", b"\\ufffd"))


def _happened(event: ReadEvent) -> Happened | None:
    try:
        fact = read_fact(event.type, event.schema_version, event.data)
    except Exception:
        return None
    return Happened(event.stream_id, event.version, event.tenant, event.time, event.type, fact)


def _first_id(build: Build) -> UUID:
    """No job that the build counts has a smaller id."""
    since = build.counts_from
    return UUID(int=0) if since is None else UUID(int=uuid7(int(since.timestamp() * 1000), 0).int & ~((1 << 80) - 1))
