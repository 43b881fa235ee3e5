"""What a running service tells Prometheus."""

from __future__ import annotations

import asyncio
import re

from queuebit_devstack.ports import LOOPBACK

ANSWER_TIMEOUT_S = 5.0
_SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


async def metric_of(health_port: int, name: str, **labels: str) -> float:
    """The sum of the samples of that name and with these labels; 0 where there is none, or nobody answers."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(LOOPBACK, health_port)
            try:
                writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                text = (await reader.read(-1)).decode(errors="replace")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return 0.0
    return total(text, name, **labels)


def total(text: str, name: str, **labels: str) -> float:
    """The same of the text of an answer."""
    found = (_SAMPLE.fullmatch(line) for line in text.splitlines())
    return sum(
        float(each["value"])
        for each in found
        if each is not None
        and each["name"] == name
        and labels.items() <= dict(_LABEL.findall(each["labels"] or "")).items()
    )
