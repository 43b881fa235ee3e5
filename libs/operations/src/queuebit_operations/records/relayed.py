"""Where the relay publishes a stored event."""

from __future__ import annotations

import msgspec

from queuebit_contracts import channels
from queuebit_contracts.events import JobQueued
from queuebit_contracts.jobs import LANES, TIERS, Lane, Tier

SOURCE = channels.source_of("control-plane").encode()
"""The CloudEvents source of everything that the relay publishes."""
QUEUED = JobQueued.__name__
"""The one that goes by its lane and tier."""


class _Order(msgspec.Struct):
    """What of a work order says where it goes."""

    lane: Lane
    tier: Tier


_DECODER = msgspec.json.Decoder(_Order)


def _relayed() -> tuple[str, ...]:
    names = [model.__name__ for model in channels.BY_TOPIC[channels.LIFECYCLE].messages]
    topics = [topic for name in names if name != QUEUED for topic in channels.topics_of(name)]
    topics += [topic for lane in LANES for tier in TIERS for topic in channels.topics_of(QUEUED, lane, tier)]
    return tuple(dict.fromkeys(topics))


RELAYED = _relayed()
"""The topics that the relay publishes stored events on."""


def topics_of_event(name: str, data: str) -> tuple[str, ...]:
    """Where a stored event belongs; nowhere where that cannot be read: then the relay writes a dead letter."""
    if name != QUEUED:
        return channels.topics_of(name)
    try:
        order = _DECODER.decode(data)
    except (msgspec.MsgspecError, RecursionError):
        return ()
    return channels.topics_of(name, order.lane, order.tier)
