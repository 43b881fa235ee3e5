"""`queuebit ops replay shadow` on a real PostgreSQL and Kafka: isolated, compared, and gone when it ends."""

from __future__ import annotations

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]

from queuebit_contracts import channels
from tests.fakes.histories import cancelled, tell_jobs
from tests.integration.operations.conftest import Ops
from tests.integration.operations.world import World

DECIDED = ("--service", "control-plane")
"""The verdicts of these histories were written down, and not given by a validator."""


async def schemas(connection: asyncpg.Connection, name: str) -> int:
    return int(await connection.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname = $1", name))


async def topics(world: World, prefix: str) -> list[str]:
    admin = AIOKafkaAdminClient(**world.stack.client())
    await admin.start()
    try:
        return [name for name in await admin.list_topics() if name.startswith(prefix)]
    finally:
        await admin.close()


async def test_the_same_handlers_decide_the_same_apart_from_all_else(ops: Ops, world: World) -> None:
    job_ids = await tell_jobs(world.store, range(5))
    await tell_jobs(world.store, [8], then=cancelled(job_ids[0]))
    name = f"replay_{world.namespace[-12:]}"

    kept = await ops("replay", "shadow", *DECIDED, "--namespace", name, "--keep", "--json")
    verified = await ops("verify", "--store-only", "--json", QUEUEBIT_NAMESPACE=name)
    published = await topics(world, f"{name}.")
    gone = await ops("replay", "shadow", *DECIDED, "--namespace", f"{name}_2", "--job", str(job_ids[0]), "--json")
    wrong = await ops("replay", "shadow", *DECIDED, "--namespace", world.namespace)

    assert (kept.code, kept.document["jobs"], kept.document["differing"]) == (0, 6, 0)
    assert (kept.document["recorded"], kept.document["produced"], kept.document["taken_over"]) == (40, 40, 0)
    assert (verified.code, verified.document["checked"]["events"]) == (0, 40)
    assert f"{name}.{channels.COMPLETED}" in published
    assert (gone.code, gone.document["jobs"]) == (0, 1)
    assert await schemas(world.admin, f"{name}_2") == 0
    assert await topics(world, f"{name}_2.") == []
    assert (wrong.code, "is not one of a replay" in wrong.err) == (2, True)
    await world.admin.execute(f'DROP SCHEMA "{name}" CASCADE')
    admin = AIOKafkaAdminClient(**world.stack.client())
    await admin.start()
    await admin.delete_topics(published)
    await admin.close()


async def test_every_difference_is_in_the_report(ops: Ops, world: World) -> None:
    (job_id, _) = await tell_jobs(world.store, range(2))
    await world.admin.execute(
        "UPDATE event SET data = replace(data::text, $2, $3)::json WHERE stream_id = $1 AND version = 2",
        job_id,
        '"policy_version":"',
        '"policy_version":"old-',
    )

    said = await ops("replay", "shadow", *DECIDED, "--no-topics", "--json")
    words = await ops("replay", "shadow", *DECIDED, "--no-topics")

    assert (said.code, said.document["jobs"], said.document["differing"]) == (1, 2, 1)
    assert said.document["by_place"] == {"JobPlanned/policy_version": 1}
    assert (said.document["shown"][0]["job_id"], said.document["shown"][0]["version"]) == (str(job_id), 2)
    assert words.code == 1
    assert words.out.splitlines()[1] == "1 of 2 jobs differ, in 1 places."
