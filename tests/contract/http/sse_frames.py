"""The frames of a stream of events."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Frame:
    id: str = ""
    event: str = ""
    data: str = ""
    retry: str = ""


def frames(text: str) -> list[Frame]:
    """The frames of a stream, comments aside."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append(Frame(**fields))
    return found
