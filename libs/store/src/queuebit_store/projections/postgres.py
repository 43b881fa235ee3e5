"""Projections on PostgreSQL: a table a build, and a view by the name of the projection on the live one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import asyncpg

from queuebit_store.connections.queries import queries
from queuebit_store.connections.session import Session
from queuebit_store.log.port import Position
from queuebit_store.projections import columns as to
from queuebit_store.projections.port import (
    PAGE_BYTES_MAX,
    Advance,
    Build,
    Failure,
    Key,
    Page,
    ReadEvent,
    Row,
    Shape,
    build_name,
)

if TYPE_CHECKING:
    from queuebit_store.connections.session import Connected

_ADVANCE_FIXED = 13
"""So many parameters `advance_projections` has before those of the rows."""


class PostgresProjections:
    """Builds by statements made of their shapes: names and types come from this release alone, values are parameters."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def builds(self) -> list[Build]:
        return list(map(to.build_of, await self._session.fetch("builds")))

    async def create_build(self, shape: Shape, *, live: bool) -> Build:
        async with self._changing(shape.name) as connection:
            there = await connection.fetchval(queries()["live_build"], shape.name)
            if not live or there is None:
                await connection.fetchval(queries()["begin_reading"])
                there = await _create(connection, shape, live=live)
        return next(each for each in await self.builds() if each.build == there)

    async def read_page(
        self, after: Position, *, limit: int, categories: Sequence[str], types: Mapping[str, int]
    ) -> Page:
        known = (list(types), list(types.values()))
        found = await self._session.fetch("read_page", list(categories), *after, limit, *known, PAGE_BYTES_MAX)
        if not found:
            return Page((), after, 0)
        fields = len(ReadEvent._fields)
        events = [ReadEvent._make(row[:fields]) for row in found if row["wanted"]]
        last = found[-1]
        more = last["found"] == limit or last["nth"] < last["found"]
        return Page(events, Position(last["epoch"], last["xid"], last["seq"]), last["nth"], more)

    async def rows(self, shape: Shape, build: str, keys: Collection[Key]) -> dict[Key, Row]:
        if not keys:
            return {}
        statement = _statement("projection_rows", *_parts(shape), build, 0)
        found = await self._session.fetch_text(statement, *to.arrays(to.key_types(shape), keys))
        return {to.key_of(shape, row): row for row in map(to.row_of(shape), found)}

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
        kinds = {name: shape.columns[name] for name in (*equal, *by, *least)}
        statement = queries()["count_projection"].format(
            table=f'"projection_{build}"',
            groups=", ".join(by),
            least="".join(f", min({name})" for name in least),
            equal=" AND ".join(f"{name} = ${nth}::{kinds[name]}" for nth, name in enumerate(equal, start=2)),
        )
        return [tuple(row) for row in await self._session.fetch_text(statement, limit, *equal.values())]

    async def advance(self, advances: Sequence[Advance]) -> Collection[str]:
        statement = _advance_statement(tuple((*_parts(each.shape), each.build.build) for each in advances))
        ways = [
            (
                each.lease.name,
                each.lease.holder,
                each.lease.token,
                timedelta(seconds=each.lease.ttl_s),
                each.build.build,
                each.build.state,
                each.progress.events,
                *each.progress.before,
                *each.progress.after,
            )
            for each in advances
        ]
        rows = [
            column
            for each in advances
            for column in (
                *to.arrays(to.key_types(each.shape), each.progress.gone),
                *to.documents(list(each.shape.columns.values()), each.progress.put),
            )
        ]
        return {row[0] for row in await self._session.fetch_text(statement, *zip(*ways, strict=True), *rows)}

    async def stand_still(self, build: Build, failure: Failure | None) -> None:
        await self._session.fetch("stand_still", build.build, None if failure is None else to.failure_text(failure))

    async def has_all(self, build: Build) -> None:
        await self._session.fetch("has_all", build.build)

    async def switch(self, build: Build) -> bool:
        async with self._changing(build.name) as connection:
            quiet: tuple[Any, ...] = build.quiet_until
            if await connection.fetchval(queries()["live_build"], build.name) is not None:
                retired = await connection.fetchrow(queries()["retire_build"], build.name, build.build)
                if retired is None:
                    return False
                quiet = tuple(retired)
            if await connection.fetchval(queries()["raise_build"], build.build, *quiet) is None:
                raise _TakeBack
            await _show(connection, build.name, build.build)
            return True
        return False

    async def reopen(self, build: Build) -> bool:
        return bool(await self._session.fetch("reopen_build", build.build))

    async def drop_build(self, build: Build) -> bool:
        async with self._changing(build.name) as connection:
            if await connection.fetchval(queries()["remove_build"], build.build) is None:
                return False
            await connection.execute(queries()["remove_build_cursor"], build.build)
            await connection.execute(f'DROP TABLE IF EXISTS "projection_{build.build}"')
        return True

    @asynccontextmanager
    async def _changing(self, name: str) -> AsyncIterator[Connected]:
        """A transaction of an operator's, beside which nobody changes the builds of that projection."""
        try:
            async with self._session.transaction() as connection:
                await connection.fetchval(queries()["lock_projection"], name)
                yield connection
        except _TakeBack:
            pass


class _TakeBack(Exception):
    """Roll the transaction back, and answer no."""


async def _create(connection: Connected, shape: Shape, *, live: bool) -> str:
    number = await connection.fetchval(queries()["next_build"], shape.name, shape.version)
    build = build_name(shape.name, shape.version, number)
    state = "live" if live else "building"
    await connection.execute(queries()["add_build"], build, shape.name, shape.version, number, state)
    await connection.execute(queries()["add_build_cursor"], build)
    key = ", ".join(list(shape.columns)[: shape.key_columns])
    columns = ", ".join(f"{name} {kind}" for name, kind in shape.columns.items())
    await connection.execute(
        f'CREATE TABLE "projection_{build}" ({columns}, PRIMARY KEY ({key})) WITH (fillfactor = 80)'
    )
    for index in shape.indexes:
        await connection.execute(f'CREATE INDEX ON "projection_{build}" {index}')
    if live:
        await _show(connection, shape.name, build)
    return build


async def _show(connection: Connected, name: str, build: str) -> None:
    """What asks by the name of the projection sees this build from now on. Where the columns are other ones the view is new,
    and nobody has the rights to it that were given before.
    """
    view = f'VIEW "projection_{name}" AS SELECT * FROM "projection_{build}"'
    try:
        async with connection.transaction():
            await connection.execute(f"CREATE OR REPLACE {view}")
    except asyncpg.InvalidTableDefinitionError:
        await connection.execute(f'DROP VIEW "projection_{name}"')
        await connection.execute(f"CREATE {view}")


_Table = tuple[tuple[tuple[str, str], ...], int, str]
"""The columns of the table of a build, how many of them are its key, and the name of the build."""


def _parts(shape: Shape) -> tuple[tuple[tuple[str, str], ...], int]:
    return tuple(shape.columns.items()), shape.key_columns


@lru_cache(maxsize=256)
def _statement(name: str, columns: tuple[tuple[str, str], ...], key_columns: int, build: str, fixed: int) -> str:
    """A statement for the table of a build. The arrays of its keys come after `fixed` parameters, then the JSON of its rows, a
    column each.
    """
    names = [column for column, _ in columns]
    key, rest = names[:key_columns], names[key_columns:]
    keys = [f"${fixed + nth}::{kind}[]" for nth, (_, kind) in enumerate(columns[:key_columns], start=1)]
    elements = [f"json_array_elements_text(${fixed + key_columns + nth}::json)" for nth in range(1, len(columns) + 1)]
    return queries()[name].format(
        build=build,
        table=f'"projection_{build}"',
        columns=", ".join(names),
        key=", ".join(key),
        key_arrays=", ".join(keys),
        gone_arrays=", ".join(keys),
        elements=", ".join(elements),
        values=", ".join(f"p.{column}::{kind}" for column, kind in columns),
        same_key=" AND ".join(f"t.{column} = g.{column}" for column in key),
        assignments=", ".join(f"{column} = excluded.{column}" for column in rest),
    )


@lru_cache(maxsize=256)
def _advance_statement(tables: tuple[_Table, ...]) -> str:
    """One statement for the tables of several builds, with the arrays of one after those of the other."""
    fixed, parts = _ADVANCE_FIXED, []
    for columns, key_columns, build in tables:
        parts.append(_statement("advance_rows", columns, key_columns, build, fixed))
        fixed += key_columns + len(columns)
    return queries()["advance_projections"].format(tables="".join(f",\n{part}" for part in parts))
