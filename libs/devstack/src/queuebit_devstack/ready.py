"""What a service says of itself on its health port."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from queuebit_devstack.ports import LOOPBACK

ASK_TIMEOUT_S = 2.0
ANSWER_BYTES_MAX = 256 * 1024


async def ask_ready(health_port: int) -> tuple[bool, tuple[dict[str, Any], ...]]:
    """Whether `GET /ready` is answered with 200, and the reasons that the answer gives; `no_answer` where there is none."""
    try:
        async with asyncio.timeout(ASK_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(LOOPBACK, health_port, limit=ANSWER_BYTES_MAX)
            try:
                writer.write(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = await reader.read(-1)
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False, ({"code": "no_answer", "detail": "Its health port does not answer.", "since": None},)
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split()[1:2] == [b"200"], _reasons(body)


def _reasons(body: bytes) -> tuple[dict[str, Any], ...]:
    try:
        return tuple(each for each in json.loads(body)["reasons"] if isinstance(each, dict))
    except (ValueError, KeyError, TypeError):
        return ()
