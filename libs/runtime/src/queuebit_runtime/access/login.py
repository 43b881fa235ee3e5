"""Whether Kafka lets us in: its client only says that no broker could be used, whatever the reason."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Iterator, Mapping

from aiokafka.conn import AIOKafkaConnection, create_conn  # type: ignore[import-untyped]
from aiokafka.errors import KafkaConnectionError, KafkaError  # type: ignore[import-untyped]
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]
from pydantic import SecretStr

from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_runtime.bus.kafka.errors import NOT_LET_IN
from queuebit_runtime.errors import BusError, LoginRefused

LOGIN_TIMEOUT_S = 5.0
LEARN_TIMEOUT_S = 15.0
LEARN_POLL_S = 0.05


async def told_apart(error: BusError, access: KafkaAccess) -> BusError:
    """The error, or LoginRefused where a broker that can be reached does not let us in."""
    if type(error) is not BusError:
        return error
    reason = await refusal(access)
    return error if reason is None else LoginRefused(reason)


async def ensure_believed(access: KafkaAccess) -> None:
    """Raises LoginRefused where Kafka does not believe our token: its client takes the broker's complaint (RFC 7628, section
    3.2.3) for a welcome, and would ask a broker that knows it not for ever.
    """
    if access.uses_sasl and access.kafka_sasl_mechanism == "OAUTHBEARER" and (reason := await refusal(access)):
        raise LoginRefused(reason)


async def refusal(access: KafkaAccess) -> str | None:
    """Why Kafka does not let us in, as a sentence; none where it does, or where no broker can be reached."""
    who = _who(access)
    options = client_options(access)
    servers = options.pop("bootstrap_servers")
    for server in servers:
        host, _, port = server.strip().rpartition(":")
        try:
            with _hushed():
                async with asyncio.timeout(LOGIN_TIMEOUT_S):
                    connection = await create_conn(host, int(port), client_id="queuebit-login", **options)
                    if not await _listens_to(connection):
                        return f"Kafka at {server} runs, and {_deaf_to(access, who)}."
        except (*NOT_LET_IN, ssl.SSLError) as error:
            return f"Kafka at {server} runs, and does not let {who} in: {_words(error)}."
        except (KafkaError, OSError, TimeoutError, ValueError):
            continue
        connection.close()
        return None
    return None


async def _listens_to(connection: AIOKafkaConnection) -> bool:
    """Whether a request is answered: a broker that wants a login, or another one, takes the connection and closes it at the
    first request, without a word or with an answer that names no broker.
    """
    try:
        return bool((await connection.send(MetadataRequest([]))).brokers)
    except KafkaConnectionError:
        return False


def _deaf_to(access: KafkaAccess, who: str) -> str:
    if access.uses_sasl:
        return (
            f"does not let {who} in: it does not believe the token (its signature, audience, issuer, life or subject)"
        )
    return f"hangs up on {who}: it expects SASL, or TLS"


async def wait_let_in(access: KafkaAccess, passwords: Mapping[str, str]) -> None:
    """Return when every broker of the bootstrap list lets the last of these users in: one may learn of them later than another,
    but each in the order in which they were set. Raises LoginRefused at the deadline.
    """
    if not access.uses_sasl:
        return
    deadline = asyncio.get_running_loop().time() + LEARN_TIMEOUT_S
    user, password = list(passwords.items())[-1]
    changes = {
        "kafka_sasl_mechanism": "SCRAM-SHA-512",
        "kafka_username": user,
        "kafka_password": SecretStr(password),
        "kafka_password_file": None,
    }
    for server in access.kafka.split(","):
        whose = access.model_copy(update={**changes, "kafka": server})
        while (reason := await refusal(whose)) is not None:
            if asyncio.get_running_loop().time() > deadline:
                raise LoginRefused(reason)
            await asyncio.sleep(LEARN_POLL_S)


def _who(access: KafkaAccess) -> str:
    if access.uses_sasl and access.kafka_sasl_mechanism == "OAUTHBEARER":
        return (
            f"the client {access.kafka_oauth_client_id}" if access.kafka_oauth_client_id else "the holder of the token"
        )
    return f"the user {access.kafka_username}" if access.kafka_username else "a client without a user"


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """What the client would log of this comes as an answer."""
    logger = logging.getLogger("aiokafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return getattr(error, "verify_message", "") or error.reason or str(error)
    return str(error)
