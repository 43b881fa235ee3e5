"""Real servers: they answer, they end, and nothing is left behind whatever ends their starter."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil  # type: ignore[import-untyped]
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]

from queuebit_devstack.errors import ServerFailed, StackBusy, UnknownProcess
from queuebit_devstack.external import External
from queuebit_devstack.kafka import wait_kafka
from queuebit_devstack.leftovers import end_stack
from queuebit_devstack.ports import free_ports
from queuebit_devstack.processes import find_marked
from queuebit_devstack.stack import Stack, start_stack
from queuebit_devstack.state import StateFile
from queuebit_runtime.access.settings import KafkaAccess

NOTHING_GIVEN = External()

STARTER = """
import asyncio, sys
from pathlib import Path
from queuebit_devstack.external import External
from queuebit_devstack.stack import start_stack
async def main():
    stack = await start_stack(Path(sys.argv[1]), external=External(), remove=sys.argv[2] == "remove")
    print(stack._guard.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def until(holds: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "It did not come to hold in time."
        await asyncio.sleep(0.05)


def runs(process: psutil.Process) -> bool:
    """Whether it is this very process and has not ended: one that nobody has waited for yet keeps its number."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def send(stack: Stack, topic: str, *values: bytes) -> None:
    producer = AIOKafkaProducer(**stack.client(), enable_idempotence=True, acks="all")
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def receive(stack: Stack, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(topic, **stack.client(), auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(60):
            return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def create_topic(stack: Stack, topic: str, replicas: int) -> None:
    admin = AIOKafkaAdminClient(**stack.client())
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, replicas)])
    finally:
        await admin.close()


async def ask(stack: Stack, query: str) -> object:
    connection = await asyncpg.connect(stack.postgres)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_servers_answer_keep_their_data_and_leave_nothing_running(tmp_path: Path) -> None:
    async with await start_stack(tmp_path, external=NOTHING_GIVEN) as stack:
        assert stack.servers in (("postgres", "kafka-1"), ("kafka-1", "postgres"))
        servers = [psutil.Process(stack.pid(name)) for name in stack.servers]
        assert await ask(stack, "SHOW fsync") == "on"
        await ask(stack, "CREATE TABLE kept AS SELECT 42 AS answer")
        await create_topic(stack, "kept", 1)
        await send(stack, "kept", b"one", b"two")
        with pytest.raises(StackBusy, match=str(os.getpid())):
            await start_stack(tmp_path, external=NOTHING_GIVEN)

        await stack.kill("postgres")
        await stack.kill("kafka-1")
        assert not any(runs(server) for server in servers)
        await asyncio.gather(stack.restart("postgres"), stack.restart("kafka-1"))
        assert await ask(stack, "SELECT answer FROM kept") == 42
        with pytest.raises(UnknownProcess):
            stack.pid("kafka-2")

    assert not any(runs(server) for server in servers)
    assert find_marked(tmp_path) == []
    assert StateFile(tmp_path).load() is None
    async with await start_stack(tmp_path, external=NOTHING_GIVEN) as stack:
        assert await ask(stack, "SELECT answer FROM kept") == 42
        assert await receive(stack, "kept", 2) == [b"one", b"two"]
    assert find_marked(tmp_path) == []


def start_in_another_process(folder: Path, how: str) -> tuple[subprocess.Popen[bytes], int]:
    """Return the starter and the pid of its guard once the servers answer."""
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(folder), how], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    guard = int(starter.stdout.readline())
    starter.stdout.close()
    return starter, guard


async def test_the_guard_cleans_up_after_a_killed_starter(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    starter, guard = start_in_another_process(folder, "remove")
    watching = psutil.Process(guard)
    assert len(find_marked(folder)) >= 2
    starter.kill()
    starter.wait()
    await until(lambda: not runs(watching))
    assert find_marked(folder) == []
    assert not folder.exists()


async def test_the_next_start_cleans_up_after_a_killed_starter_and_guard(tmp_path: Path) -> None:
    starter, guard = start_in_another_process(tmp_path, "keep")
    os.kill(guard, signal.SIGKILL)
    starter.kill()
    starter.wait()
    state = StateFile(tmp_path).load()
    assert state is not None
    old = [psutil.Process(each.pid) for each in state.processes]
    assert len(old) == 2
    assert all(runs(server) for server in old)
    async with await start_stack(tmp_path, external=NOTHING_GIVEN) as stack:
        assert not any(runs(server) for server in old)
        assert await ask(stack, "SELECT 1") == 1
    assert find_marked(tmp_path) == []


async def test_a_start_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    taken = External(kafka=KafkaAccess(kafka=f"127.0.0.1:{free_ports(1)[0]}"))
    task = asyncio.create_task(start_stack(tmp_path, external=taken))
    await until(lambda: (tmp_path / "logs" / "postgres.log").exists())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert find_marked(tmp_path) == []
    assert StateFile(tmp_path).load() is None


async def test_a_server_that_is_not_there_is_named() -> None:
    servers = f"127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(ServerFailed, match=servers):
        await wait_kafka(KafkaAccess(kafka=servers), (), timeout_s=0.2)


async def test_running_servers_are_taken_by_url_and_left_alone(tmp_path: Path) -> None:
    async with await start_stack(tmp_path / "one", external=NOTHING_GIVEN, remove=True) as first:
        given = External(first.access(), first.postgres)
        async with await start_stack(tmp_path / "two", external=given, remove=True) as second:
            assert second.servers == ()
            own = {"QUEUEBIT_ARTIFACTS"}
            assert {**second.env(), **dict.fromkeys(own)} == {**first.env(), **dict.fromkeys(own)}
        assert await ask(first, "SELECT 1") == 1
    assert not (tmp_path / "one").exists()
    assert not (tmp_path / "two").exists()


def devstack(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")}
    for kept in ("QUEUEBIT_CACHE", "QUEUEBIT_JAVA"):
        if kept in os.environ:
            environ[kept] = os.environ[kept]
    return subprocess.run(
        [sys.executable, "-m", "queuebit_workbench", *words],
        env=environ | {"QUEUEBIT_DATA": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_up_is_idempotent_and_down_ends_all(tmp_path: Path) -> None:
    try:
        assert devstack(tmp_path, "status").returncode == 8
        first = devstack(tmp_path, "up", "--servers-only")
        assert (first.returncode, first.stderr) == (0, "")
        again = devstack(tmp_path, "up", "--servers-only")
        assert again.stdout == first.stdout
        assert devstack(tmp_path, "status").returncode == 0
        assert "Kafka Server started" in devstack(tmp_path, "logs", "kafka-1").stdout
        assert devstack(tmp_path, "logs", "nobody").returncode == 2
        assert devstack(tmp_path, "down").stdout == "Stopped 2 processes.\n"
        assert devstack(tmp_path, "down").stdout == "Nothing was running.\n"
        assert devstack(tmp_path, "status").returncode == 8
    finally:
        end_stack(tmp_path)
    assert find_marked(tmp_path) == []


@pytest.mark.slow
async def test_three_brokers_lose_nothing_when_one_is_killed(tmp_path: Path) -> None:
    async with await start_stack(tmp_path, brokers=3, external=NOTHING_GIVEN, remove=True) as stack:
        await create_topic(stack, "kept", 3)
        sent = [b"%d" % number for number in range(200)]
        await send(stack, "kept", *sent[:100])
        await stack.kill("kafka-1")
        await send(stack, "kept", *sent[100:])
        assert await receive(stack, "kept", 200) == sent
        await stack.restart("kafka-1")
        await stack.kill("kafka-2")
        assert await receive(stack, "kept", 200) == sent
    assert find_marked(tmp_path) == []
