"""`queuebit ops verify` where months lie in files: their files, their jobs, and what is still on the topics of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from queuebit_store.partitions.port import Partition
from tests.fakes.histories import tell_jobs
from tests.integration.operations.conftest import Ops
from tests.integration.operations.corruptions import found_by
from tests.integration.operations.past import PAST, make_room
from tests.integration.operations.world import World

NAME = "event_past"
WHY = ("--reason", "older than a year", "--actor", "alice")


@pytest.fixture
async def jobs(world: World) -> list[UUID]:
    """Jobs of a month that is over, published as all others."""
    await make_room(world.admin)
    assert await world.store.add_partition(Partition(NAME, PAST, PAST + timedelta(minutes=1)))
    found = await tell_jobs(world.store, range(4), began_at=PAST + timedelta(seconds=1))
    await tell_jobs(world.store, [9], began_at=PAST + timedelta(days=2))
    await world.relay()
    return found


async def _archive(ops: Ops, folder: Path) -> None:
    said = await ops("archive", "create", NAME, "--to", str(folder), *WHY, "--apply", "--json")
    assert (said.code, said.document["outcomes"]) == (0, {"archived": 1})


async def test_archived_months_are_told_again_and_their_records_on_kafka_are_no_strangers(
    ops: Ops, world: World, jobs: list[UUID], tmp_path: Path
) -> None:
    await _archive(ops, tmp_path)

    here = await ops("verify", "--json")
    (tmp_path / NAME).rename(tmp_path / "moved")
    away = await ops("verify", "--json")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "moved").rename(tmp_path / "elsewhere" / NAME)
    there = await ops("verify", "--json", "--archives", str(tmp_path / "elsewhere"))

    assert [(each.code, each.document["checked"]["archived"]) for each in (here, away, there)] == [
        (0, 28),
        (0, 0),
        (0, 28),
    ]
    assert here.document["findings"] == []
    assert f"{NAME} was not looked at" in away.err


async def test_what_is_wrong_with_an_archive_is_found(ops: Ops, world: World, jobs: list[UUID], tmp_path: Path) -> None:
    """Given a head that was bent before, another archive of the month, a byte that changed, an end that never came."""
    await world.admin.execute("UPDATE stream SET state = 'failed' WHERE stream_id = $1", jobs[0])
    await _archive(ops, tmp_path)
    bent = await ops("verify", "--json")
    await world.admin.execute("UPDATE archive SET digest = 'of another'")
    another = await ops("verify", "--json")
    path = tmp_path / NAME / "events.parquet"
    text = bytearray(path.read_bytes())
    text[len(text) // 2] ^= 1
    path.write_bytes(text)
    changed = await ops("verify", "--json")
    await world.admin.execute("UPDATE archive SET state = 'detached'")
    unfinished = await ops("verify", "--json")

    assert found_by(bent.document) == {("head_differs", str(jobs[0]))}
    assert found_by(another.document) == {("archive_differs", NAME)}
    assert found_by(changed.document) == {("archive_differs", NAME)}
    assert found_by(unfinished.document) == {("archive_unfinished", NAME)}
    assert "its checksum differs" in str(changed.document["findings"])
