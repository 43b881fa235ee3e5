"""A schema and topics of one replay: made for it, and gone with it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from queuebit_operations.connections.bus import NAMESPACE_VARIABLE, kafka_access, made_topics
from queuebit_operations.connections.store import postgres_settings
from queuebit_operations.errors import BadArgument
from queuebit_runtime.access.settings import client_options
from queuebit_store.connections.migrations import migrate
from queuebit_store.connections.settings import OPERATE, connect_arguments
from queuebit_store.connections.translate import translated

PREFIX = "replay_"
"""Only what begins so is ever dropped."""


@asynccontextmanager
async def isolated(
    env: Mapping[str, str], namespace: str, topics: Collection[str], *, keep: bool
) -> AsyncIterator[dict[str, str]]:
    """The environment of the namespace, with its tables and these topics. Raises BadArgument for a name of another kind."""
    if not namespace.startswith(PREFIX):
        raise BadArgument(
            f"The namespace {namespace!r} is not one of a replay.",
            remedy=f"Let it begin with {PREFIX}, such as replay_1.",
        )
    inside = {**env, NAMESPACE_VARIABLE: namespace}
    try:
        await migrate(postgres_settings(inside))
        if topics:
            await made_topics(inside, namespace, topics)
        yield inside
    finally:
        if not keep:
            await _drop_schema(inside, namespace)
            if topics:
                await _drop_topics(inside, [f"{namespace}.{topic}" for topic in topics])


async def _drop_schema(env: Mapping[str, str], namespace: str) -> None:
    with translated():
        connection = await asyncpg.connect(**connect_arguments(postgres_settings(env), role=OPERATE))
    try:
        with translated():
            await connection.execute(f'DROP SCHEMA IF EXISTS "{namespace}" CASCADE')
    finally:
        connection.terminate()


async def _drop_topics(env: Mapping[str, str], names: Collection[str]) -> None:
    """Whatever of them is there. A topic that stays disturbs nobody."""
    admin = AIOKafkaAdminClient(**client_options(kafka_access(env)))
    try:
        with contextlib.suppress(KafkaError, OSError):
            await admin.start()
            await admin.delete_topics(list(names))
    finally:
        await admin.close()
