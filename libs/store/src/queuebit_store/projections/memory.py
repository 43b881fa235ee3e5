"""Projections in memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from queuebit_store.log.port import Position, StoredEvent
from queuebit_store.memory_state.database import MemoryDatabase, log_key
from queuebit_store.memory_state.hooks import Hooks
from queuebit_store.projections.port import (
    PAGE_BYTES_MAX,
    Advance,
    Build,
    BuildState,
    Failure,
    Key,
    Page,
    ReadEvent,
    Row,
    Shape,
    build_name,
    cursor_of,
)


class MemoryProjections:
    """Builds with their rows; the cursor of each is one of the database's."""

    database: MemoryDatabase
    hooks: Hooks

    async def builds(self) -> list[Build]:
        await self.hooks.before("builds")
        return sorted(self.database.builds.values(), key=lambda each: each.name)

    async def create_build(self, shape: Shape, *, live: bool) -> Build:
        await self.hooks.before("create_build")
        db = self.database
        there = self._live(shape.name)
        if live and there is not None:
            return there
        number = 1
        while (name := build_name(shape.name, shape.version, number)) in db.builds:
            number += 1
        state: BuildState = "live" if live else "building"
        now = datetime.fromtimestamp(db.now_s(), UTC)
        quiet = Position(db.epoch, db.horizon, 0)
        db.builds[name] = Build(
            name, shape.name, shape.version, state, Position(), 0, quiet, None, None, now, None, None
        )
        db.projected[name] = {}
        db.cursors[cursor_of(name)] = Position()
        await self.hooks.after_commit("create_build")
        return db.builds[name]

    async def read_page(
        self, after: Position, *, limit: int, categories: Sequence[str], types: Mapping[str, int]
    ) -> Page:
        await self.hooks.before("read_page")
        db = self.database
        found: list[StoredEvent] = []
        for log in (db.logs[category] for category in categories if category in db.logs):
            start = bisect_right(log.keys, log_key(after))
            end = bisect_left(log.keys, (db.epoch, db.horizon, 0))
            found += log.events[start : min(end, start + limit)]
        found = [
            each if each.schema_version != types.get(each.type) else db.bare.get(each.position, each)
            for each in sorted(found, key=lambda event: log_key(event.position))[:limit]
        ]
        if not found:
            return Page((), after, 0)
        bytes_to = accumulate(len(each.data.encode()) for each in found)
        count = max(1, sum(size <= PAGE_BYTES_MAX for size in bytes_to))
        taken, more = found[:count], len(found) == limit or count < len(found)
        return Page(tuple(_read(each) for each in taken if each.type in types), taken[-1].position, count, more)

    async def rows(self, shape: Shape, build: str, keys: Collection[Key]) -> dict[Key, Row]:  # noqa: ARG002
        await self.hooks.before("rows")
        rows = self.database.projected.get(build, {})
        return {key: rows[key] for key in keys if key in rows}

    async def counted(
        self,
        shape: Shape,
        build: str,
        *,
        equal: Mapping[str, Any],
        by: Sequence[str],
        least: Sequence[str],
        limit: int,
    ) -> list[Row]:
        await self.hooks.before("counted")
        place = {name: nth for nth, name in enumerate(shape.columns)}
        groups: dict[Row, list[Row]] = {}
        for row in self.database.projected.get(build, {}).values():
            if all(row[place[name]] == value for name, value in equal.items()):
                groups.setdefault(tuple(row[place[name]] for name in by), []).append(row)
        found = [
            (*group, len(rows), *(min(row[place[name]] for row in rows) for name in least))
            for group, rows in groups.items()
        ]
        return sorted(found, key=lambda each: (-each[len(by)], each[: len(by)]))[:limit]

    async def advance(self, advances: Sequence[Advance]) -> Collection[str]:
        await self.hooks.before("advance")
        saved = {each.build.build for each in advances if self._advanced(each)}
        await self.hooks.after_commit("advance")
        return saved

    def _advanced(self, one: Advance) -> bool:
        db, build, progress, lease = self.database, one.build, one.progress, one.lease
        held, there = db.leases.get(lease.name), db.builds.get(build.build)
        if held is None or (held.holder, held.token) != (lease.holder, lease.token):
            return False
        if there is None or (there.state, there.cursor) != (build.state, progress.before):
            return False
        db.leases[lease.name] = replace(held, expires_at_s=db.now_s() + lease.ttl_s)
        rows = db.projected[build.build]
        for key in progress.gone:
            rows.pop(key, None)
        rows.update({row[: one.shape.key_columns]: row for row in progress.put})
        db.cursors[build.lease] = progress.after
        db.builds[build.build] = replace(
            there, cursor=progress.after, events=there.events + progress.events, failure=None
        )
        return True

    async def stand_still(self, build: Build, failure: Failure | None) -> None:
        await self.hooks.before("stand_still")
        there = self.database.builds.get(build.build)
        if there is not None:
            self.database.builds[build.build] = replace(there, failure=failure)

    async def has_all(self, build: Build) -> None:
        await self.hooks.before("has_all")
        there = self.database.builds.get(build.build)
        if there is not None:
            self.database.builds[build.build] = replace(there, counts_from=None)

    async def switch(self, build: Build) -> bool:
        await self.hooks.before("switch")
        db = self.database
        new, old = db.builds.get(build.build), self._live(build.name)
        if new is None or new.state != "building" or (old is not None and new.cursor < old.cursor):
            return False
        quiet = new.quiet_until if old is None else old.cursor
        if old is not None:
            db.builds[old.build] = replace(old, state="retired")
        now = datetime.fromtimestamp(db.now_s(), UTC)
        db.builds[new.build] = replace(new, state="live", quiet_until=quiet, switched_at=now)
        await self.hooks.after_commit("switch")
        return True

    async def reopen(self, build: Build) -> bool:
        await self.hooks.before("reopen")
        there = self.database.builds.get(build.build)
        if there is None or there.state != "retired":
            return False
        self.database.builds[build.build] = replace(there, state="building", failure=None)
        return True

    async def drop_build(self, build: Build) -> bool:
        await self.hooks.before("drop_build")
        db = self.database
        there = db.builds.get(build.build)
        if there is None or there.state == "live":
            return False
        del db.builds[build.build], db.projected[build.build], db.cursors[cursor_of(build.build)]
        await self.hooks.after_commit("drop_build")
        return True

    def _live(self, name: str) -> Build | None:
        return next((each for each in self.database.builds.values() if (each.name, each.state) == (name, "live")), None)


def _read(event: StoredEvent) -> ReadEvent:
    return ReadEvent(
        event.epoch, event.xid, event.seq, event.stream_id, event.version, event.type, event.schema_version, event.data,
        event.time, event.tenant,
    )  # fmt: skip
