"""Asking the broker itself for the bytes of one partition, where the client library cannot unpack what it was given."""

from __future__ import annotations

import asyncio
import logging

from aiokafka import TopicPartition  # type: ignore[import-untyped]
from aiokafka.client import AIOKafkaClient  # type: ignore[import-untyped]
from aiokafka.errors import (  # type: ignore[import-untyped]
    CorruptRecordException,
    LeaderNotAvailableError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest  # type: ignore[import-untyped]

from queuebit_runtime.access.settings import KafkaAccess, client_options
from queuebit_runtime.bus.kafka.unpacking import Reread, read_leniently, read_past

FETCH_BYTES = 256 * 1024
"""An answer has so many, or one larger batch: unpacking leniently is slow, and holds the event loop."""
WAIT_MS = 500
TIMEOUT_S = 10.0
READ_COMMITTED = 1

_log = logging.getLogger(__name__)


async def reread(access: KafkaAccess, place: TopicPartition, offset: int, error: Exception) -> Reread:
    """Read leniently, as the group would read it: nothing of an aborted transaction. `error` is why.

    Raises CorruptRecordException for what cannot be trusted (reading it again may help), UnsupportedCodecError where this
    installation is not complete, and KafkaError or OSError where the broker does not give it.
    """
    data, aborted = await _fetched(access, place, offset)
    found = read_leniently(data, place, offset, aborted)
    if found.next_offset == offset:
        raise CorruptRecordException(f"no whole batch at {place.topic}/{place.partition}@{offset}")
    _log.warning(
        "%s/%d@%d could not be unpacked (%s); %d records from there on are read leniently.",
        place.topic,
        place.partition,
        offset,
        type(error).__name__,
        len(found.records),
    )
    return found


async def reread_past(access: KafkaAccess, place: TopicPartition, offset: int, end: int) -> Reread:
    """The same for who only looks, up to the offset `end`: what cannot be read at all is passed over, with a stand-in. Raises
    KafkaError or OSError where the broker does not give it.
    """
    data, aborted = await _fetched(access, place, offset)
    return read_past(data, place, offset, end, aborted)


async def _fetched(access: KafkaAccess, place: TopicPartition, offset: int) -> tuple[bytes, frozenset[tuple[int, int]]]:
    """The bytes from the batch that the offset lies in, and the aborted transactions among them."""
    client = AIOKafkaClient(**client_options(access), client_id="queuebit-reread")
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await client.bootstrap()
            await client.set_topics([place.topic])
            leader = client.cluster.leader_for_partition(place)
            if leader is None or leader < 0:
                raise LeaderNotAvailableError(place)
            wanted = [(place.topic, [(place.partition, offset, FETCH_BYTES)])]
            response = await client.send(
                leader, FetchRequest(WAIT_MS, 1, FETCH_BYTES, READ_COMMITTED, wanted, rack_id="")
            )
    except TimeoutError:
        raise LeaderNotAvailableError(place) from None
    finally:
        await client.close()
    ((_, ((_, code, _, _, *details),)),) = response.topics
    if code != 0:
        raise for_code(code)(place)
    aborted = details[1] if response.API_VERSION >= 5 else details[0]
    return bytes(details[-1] or b""), frozenset((each[0], each[1]) for each in aborted or ())
