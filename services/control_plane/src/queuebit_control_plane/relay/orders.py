"""Where a stored work order belongs."""

from __future__ import annotations

import json
import re
from functools import cache

from queuebit_contracts.channels import topics_of
from queuebit_contracts.events import JobQueued
from queuebit_contracts.jobs import LANES, TIERS

_ORDER = re.compile(
    rb'\{"attempt_id":"[^"\\]*","leg":"[^"\\]*","role":"[^"\\]*","lane":"([^"\\]*)","number":\d+,"tier":"([^"\\]*)"'
)
"""How a work order begins that we wrote. Only the beginning: further in stands what others wrote."""


def topics_of_order(value: bytes) -> tuple[str, ...]:
    """Where a stored work order belongs. Raises ValueError, KeyError, TypeError or RecursionError for what is none.

    Of an order that we wrote only the beginning is read; of any other all, but for its numbers, which may be of any size.
    """
    found = _ORDER.match(value)
    if found is not None:
        lane, tier = found[1].decode(), found[2].decode()
    else:
        order = json.loads(value, parse_int=str, parse_float=str)
        lane, tier = str(order["lane"]), str(order["tier"])
    return _topics_of_order(lane, tier)


@cache
def _topics_of_order(lane: str, tier: str) -> tuple[str, ...]:
    if lane not in LANES or tier not in TIERS:
        raise ValueError("no lane or no tier")
    return topics_of(JobQueued.__name__, lane, tier)
