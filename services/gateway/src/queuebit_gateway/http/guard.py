"""What a stranger may do at the door: connections, heads, bodies and readers bounded in number, size and time.

uvicorn bounds none of this before a request is complete, so its protocol is guarded here (decision 0023).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from queuebit_gateway.access.proxies import Proxies, counted

LINGER_S = 1.0

Door = Literal["malformed_request", "request_timeout", "uri_too_long", "headers_too_large", "overloaded"]
"""The codes of problems that are answered here."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one process. `head_timeout_s` runs from the first moment of a connection, or the first byte of a request after that;
    `body_timeout_s` from the end of the head; `write_timeout_s` is how long a reader may leave what was written to it.
    """

    connections_max: int = 4096
    connections_per_address_max: int = 512
    requests_max: int = 8192
    headers_max: int = 100
    head_bytes_max: int = 32_768
    uri_bytes_max: int = 8192
    pipelined_max: int = 16
    head_timeout_s: float = 10.0
    body_timeout_s: float = 30.0
    write_timeout_s: float = 30.0


class Connections:
    """How many there are, in all and by address. Those of trusted proxies are counted in all only: they stand for many."""

    def __init__(self, bounds: Bounds, proxies: Proxies) -> None:
        self._bounds = bounds
        self._proxies = proxies
        self._by_address: Counter[str] = Counter()
        self._total = 0

    def __len__(self) -> int:
        return self._total

    def take(self, peer: str) -> bool:
        """Count one more, unless that is one too many."""
        if self._total >= self._bounds.connections_max:
            return False
        address = counted(peer)
        if self._by_address[address] >= self._bounds.connections_per_address_max and not self._proxies.trusts(peer):
            return False
        self._by_address[address] += 1
        self._total += 1
        return True

    def give(self, peer: str) -> None:
        """One that was taken has ended."""
        address = counted(peer)
        self._by_address[address] -= 1
        self._total -= 1
        if not self._by_address[address]:
            del self._by_address[address]


class _Refused(Exception):
    """Raised out of a callback of the parser, which ends the parsing."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection within its bounds. `render` makes the whole answer of a refusal."""

    def __init__(
        self, *, bounds: Bounds, taken: Connections, render: Callable[[Door], bytes], **uvicorn_own: Any
    ) -> None:
        super().__init__(**uvicorn_own)
        self._bounds = bounds
        self._taken = taken
        self._render = render
        self._peer: str | None = None
        self._why: Door = "malformed_request"
        self._phase: Literal["between", "head", "body"] = "between"
        self._number = 0
        self._head_bytes = 0
        self._fed_bytes = 0
        self._again: bytes | None = None
        self._over = False
        self._armed: tuple[str, int] | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        peer = self.client[0] if self.client else ""
        if not self._taken.take(peer):
            self._refuse("overloaded")
            return
        self._peer = peer
        self._arm("head", self._bounds.head_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._disarm()
        self._end_stall()
        if self._peer is not None:
            self._taken.give(self._peer)
            self._peer = None

    def data_received(self, data: bytes) -> None:
        """Parse, and see to it that what is open afterwards is bounded in time and size."""
        if self._over:
            return
        self._unset_keepalive_if_required()
        before = (self._phase, self._number)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse(self._why)
        if self._over or self.transport.is_closing():
            return
        if self._phase == "head":
            self._weigh(before, len(data))
            self._arm("head", self._bounds.head_timeout_s)
        elif self._phase == "body":
            self._arm("body", self._bounds.body_timeout_s)
        elif self.cycle is None or self.cycle.response_complete:
            self._arm("head", self._bounds.head_timeout_s)
        else:
            self._disarm()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase, self._head_bytes = "head", 0
        self._number += 1

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self._bounds.uri_bytes_max:
            self._stop("uri_too_long")

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value)
        if len(self.headers) > self._bounds.headers_max or self._head_bytes > self._bounds.head_bytes_max:
            self._stop("headers_too_large")

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            self._again = self._head_without_upgrade()
            return
        if len(self.tasks) >= self._bounds.requests_max or len(self.pipeline) >= self._bounds.pipelined_max:
            self._stop("overloaded")
        super().on_headers_complete()
        self._phase = "body"

    def on_message_complete(self) -> None:
        self._phase = "between"
        if self._again is None:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._phase == "between":
            self._disarm()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(self._bounds.write_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._end_stall()

    def _feed(self, data: bytes) -> None:
        """Parse. An upgrade is declined by reading the same request without it: the parser would take its body for the other
        protocol. Java's own client asks for HTTP/2 like this with its first request.
        """
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                head, self._again = self._again, None
                if head is None:
                    return
                data = head + data[upgrade.args[0] :]
                self.parser = httptools.HttpRequestParser(self)

    def _head_without_upgrade(self) -> bytes:
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._stop("malformed_request")
        lines = [method + b" " + self.url + b" HTTP/1.1"]
        for name, value in self.headers:
            if name == b"connection":
                value = b", ".join(each for each in map(bytes.strip, value.split(b",")) if each.lower() == b"close")
            if name not in (b"upgrade", b"http2-settings") and value:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])

    def _weigh(self, before: tuple[str, int], fed_bytes: int) -> None:
        """Bound a head of which the parser has not reported the end: it holds what it was fed."""
        if before == ("head", self._number):
            self._fed_bytes += fed_bytes
        else:
            self._fed_bytes = fed_bytes if before == ("between", self._number - 1) else 0
        if self._fed_bytes > self._bounds.head_bytes_max + self._bounds.uri_bytes_max:
            self._refuse("headers_too_large")

    def _stop(self, why: Door) -> NoReturn:
        self._why = why
        raise _Refused(why)

    def _refuse(self, why: Door) -> None:
        """Answer, where no other answer is on its way, and hang up: a moment later, so that the answer is not lost with what
        the caller still sends.
        """
        self._disarm()
        if self._over or self.transport.is_closing():
            return
        self._over = True
        cycle = self.cycle
        answering = cycle is not None and not cycle.response_complete
        if self.pipeline or (answering and (cycle.response_started or self._phase != "body")):
            # The next answer on this line is that of an earlier request.
            self.transport.abort()
            return
        if answering:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(self._render(why))
        if self._peer is None:
            self.transport.close()
            return
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._reading = self.loop.call_later(LINGER_S, self.transport.close)

    def _arm(self, what: Literal["head", "body"], timeout_s: float) -> None:
        """Bound this part of this request in time; more of it does not give it more time."""
        if self._over or self.transport.is_closing() or self._armed == (what, self._number):
            return
        self._disarm()
        self._armed = (what, self._number)
        self._reading = self.loop.call_later(timeout_s, self._too_late)

    def _disarm(self) -> None:
        self._armed = None
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _too_late(self) -> None:
        if self._phase == "between":
            self.transport.close()
        else:
            self._refuse("request_timeout")

    def _end_stall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
