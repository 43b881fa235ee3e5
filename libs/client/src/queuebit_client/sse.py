"""Server-sent events, line by line (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `data` is None where the frame only sets the id or the retry time."""

    id: str | None
    event: str
    data: str | None
    retry_ms: int | None


class FrameReader:
    """Collects lines (without their ends) into frames."""

    def __init__(self) -> None:
        self._any = False
        self._data: list[str] = []
        self._id: str | None = None
        self._event = "message"
        self._retry_ms: int | None = None

    def feed(self, line: str) -> Frame | None:
        """Take one line; a frame when it is complete."""
        if not line:
            return self._finish()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        self._any = self._any or bool(name)
        match name:
            case "data":
                self._data.append(value)
            case "id":
                self._id = value
            case "event":
                self._event = value
            case "retry" if value.isascii() and value.isdigit():
                self._retry_ms = int(value)
            case _:
                pass
        return None

    def _finish(self) -> Frame | None:
        data = "\n".join(self._data) if self._data else None
        frame = Frame(self._id, self._event, data, self._retry_ms) if self._any else None
        self._clear()
        return frame

    def _clear(self) -> None:
        self._any = False
        self._data = []
        self._id = None
        self._event = "message"
        self._retry_ms = None
