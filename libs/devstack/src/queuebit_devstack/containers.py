"""Kafka and PostgreSQL in containers, for machines where a Docker engine answers."""

from __future__ import annotations

import asyncio
import importlib.util
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum
from pathlib import Path
from typing import Any

from queuebit_devstack.errors import DevstackError
from queuebit_devstack.external import External
from queuebit_devstack.jars import KAFKA_VERSION
from queuebit_devstack.kafka_config import settings_of
from queuebit_devstack.ports import free_ports
from queuebit_runtime.access.settings import KafkaAccess

KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
POSTGRES_IMAGE = "postgres:18"
_PING_TIMEOUT_S = 3
_KAFKA_PORT = 9092


class Source(Enum):
    """Where a server comes from."""

    URL = "url"
    DOCKER = "docker"
    EMBEDDED = "embedded"


def choose_source(url: str | None, wish: str | None, docker_answers: bool) -> Source:
    """A URL wins; then the wish, `docker` or `embedded`; then Docker where its engine answers.

    Raises `DevstackError` for a wish that cannot be met.
    """
    if url:
        return Source.URL
    if wish in (None, "", "auto"):
        return Source.DOCKER if docker_answers else Source.EMBEDDED
    if wish == "embedded":
        return Source.EMBEDDED
    if wish != "docker":
        raise DevstackError(f"QUEUEBIT_SERVERS is {wish!r}.", remedy="Use auto, docker or embedded.")
    if not docker_answers:
        raise DevstackError("QUEUEBIT_SERVERS asks for docker, but no engine answers.", remedy="Start the engine.")
    return Source.DOCKER


def docker_answers() -> bool:
    """Whether a Docker engine answers a ping and Testcontainers is installed."""
    if importlib.util.find_spec("docker") is None or importlib.util.find_spec("testcontainers") is None:
        return False
    import docker  # type: ignore[import-untyped]

    try:
        client = docker.from_env(timeout=_PING_TIMEOUT_S)
    except docker.errors.DockerException:
        return False
    try:
        return bool(client.ping())
    except (docker.errors.DockerException, OSError):
        return False
    finally:
        client.close()


@asynccontextmanager
async def container_servers(environ: Mapping[str, str], *, brokers: int = 1) -> AsyncIterator[External]:
    """Yield the servers to take by URL: those of the environment, and those that Docker is to run, which end after."""
    given = External.from_env(environ)
    wish = environ.get("QUEUEBIT_SERVERS")
    engine = (not given.kafka or not given.postgres) and wish != "embedded" and await asyncio.to_thread(docker_answers)
    kafka, postgres = given.kafka, given.postgres
    async with AsyncExitStack() as running:
        if choose_source(postgres, wish, engine) is Source.DOCKER:
            container = await _start(running, _postgres_container())
            postgres = container.get_connection_url()
        if choose_source(None if kafka is None else kafka.kafka, wish, engine) is Source.DOCKER and brokers == 1:
            port = free_ports(1)[0]
            container = await _start(running, _kafka_container(port))
            kafka = KafkaAccess(kafka=f"{container.get_container_host_ip()}:{port}")
        yield External(kafka, postgres)


async def _start(running: AsyncExitStack, container: Any) -> Any:
    running.push_async_callback(asyncio.to_thread, container.stop)
    return await asyncio.to_thread(container.start)


def _postgres_container() -> Any:
    from testcontainers.community.postgres import PostgresContainer

    password = secrets.token_hex(16)
    return PostgresContainer(POSTGRES_IMAGE, username="queuebit", password=password, dbname="queuebit", driver=None)


def _kafka_container(port: int) -> Any:
    from testcontainers.core.container import DockerContainer

    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(_KAFKA_PORT, port)
    return container.with_envs(**kafka_environment(container.get_container_host_ip(), port))


def kafka_environment(host: str, port: int) -> dict[str, str]:
    """The settings of the embedded broker, as the image wants them, reachable from outside at `host:port`."""
    settings = settings_of(1, Path("/tmp/kafka-logs"), {1: (_KAFKA_PORT, 9093)})
    settings |= {
        "listeners": f"PLAINTEXT://0.0.0.0:{_KAFKA_PORT},CONTROLLER://127.0.0.1:9093",
        "advertised.listeners": f"PLAINTEXT://{host}:{port}",
    }
    return {f"KAFKA_{name.upper().replace('.', '_')}": str(value) for name, value in settings.items()}
