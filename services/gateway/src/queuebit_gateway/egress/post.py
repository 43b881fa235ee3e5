"""One request to a URL that a stranger named: resolved once, checked, and sent to the very address that was checked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Self

import httpx2

from queuebit_gateway.egress.names import Names, NamesBusy
from queuebit_gateway.egress.target import EgressPolicy, EgressRefused, Target, check_reached, target_of

CONNECT_S = 5.0
TOTAL_S = 15.0
READ_BYTES_MAX = 65_536

Resolve = Callable[[str, int, str], Awaitable[list[str]]]
"""The addresses of a name, IPv4 and IPv6, for a tenant, if it is for one. Raises OSError where it has none."""


class EgressFailed(Exception):
    """Nothing came back; it may another time."""

    transient = True


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back. `body`: the first 64 KiB of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Egress:
    """Sends requests. No redirect is followed, no proxy of the environment is used, no connection is used twice: the next host
    at the same address may be somebody else's.
    """

    def __init__(self, policy: EgressPolicy, *, resolve: Resolve | None = None, total_s: float = TOTAL_S) -> None:
        self.policy = policy
        self._resolve = resolve or Names().addresses
        self._total_s = total_s
        self._http = httpx2.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(total_s, connect=CONNECT_S),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close what is open."""
        await self._http.aclose()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, whose: str = "") -> Answered:
        """Send it for a tenant and read the answer, whatever its status. Raises EgressRefused, and EgressFailed."""
        return await self._ask("POST", url, headers, body, whose)

    async def get(self, url: str) -> Answered:
        """What lies there, whatever the status. Raises EgressRefused, and EgressFailed."""
        return await self._ask("GET", url, {}, b"")

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes, whose: str = "") -> Answered:
        target = target_of(url, self.policy)
        try:
            async with asyncio.timeout(self._total_s):
                address = target.host if target.is_address else await self._address_of(target, whose)
                return await self._send(method, target, address, headers, body)
        except TimeoutError:
            raise EgressFailed(f"No answer within {self._total_s:g} s.") from None
        except httpx2.HTTPError as error:
            raise EgressFailed(_words(error)) from None

    async def _address_of(self, target: Target, whose: str) -> str:
        try:
            addresses = await self._resolve(target.host, target.port, whose)
        except NamesBusy:
            raise EgressFailed("Too many names are being resolved.") from None
        except (OSError, UnicodeError):
            raise EgressFailed("The host cannot be resolved.") from None
        return check_reached(target, addresses, self.policy)

    async def _send(
        self, method: str, target: Target, address: str, headers: Mapping[str, str], body: bytes
    ) -> Answered:
        host = f"[{address}]" if ":" in address else address
        url = httpx2.URL(f"{target.scheme}://{host}:{target.port}{target.path}")
        extensions = {} if target.is_address else {"sni_hostname": target.host}
        request = self._http.build_request(
            method, url, headers={**headers, "Host": target.host_header}, content=body, extensions=extensions
        )
        response = await self._http.send(request, stream=True)
        try:
            read = bytearray()
            async for piece in response.aiter_raw():
                read += piece
                if len(read) >= READ_BYTES_MAX:
                    break
            return Answered(response.status_code, response.headers, bytes(read[:READ_BYTES_MAX]))
        finally:
            await response.aclose()


def _words(error: httpx2.HTTPError) -> str:
    """What went wrong, without addresses of ours."""
    if isinstance(error, httpx2.ConnectTimeout):
        return f"No connection within {CONNECT_S:g} s."
    if isinstance(error, httpx2.ConnectError):
        return "The connection was refused, or its certificate is not valid for the host."
    return f"The connection broke ({type(error).__name__})."


__all__ = ["Answered", "Egress", "EgressFailed", "EgressPolicy", "EgressRefused", "Resolve"]
