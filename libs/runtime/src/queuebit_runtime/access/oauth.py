"""Bearer tokens for SASL OAUTHBEARER: from a file that somebody keeps fresh, or from an endpoint with client credentials."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.error import URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from aiokafka.abc import AbstractTokenProvider  # type: ignore[import-untyped]

from queuebit_runtime.errors import BusError

TOKEN_TIMEOUT_S = 10.0
TOKEN_BYTES_MAX = 256 * 1024
FRESH_SHARE = 0.8
"""After this share of its life a token is replaced."""
LIFE_DEFAULT_S = 60.0
"""Where the endpoint does not tell how long a token lives."""


class TokenSource(Protocol):
    """Gives a token that is valid now."""

    def token(self) -> str:
        """Blocks. Raises BusError."""
        ...

    def for_aiokafka(self) -> AbstractTokenProvider:
        """The same as the asynchronous client wants it."""
        ...


class _InThread(AbstractTokenProvider):  # type: ignore[misc]
    def __init__(self, source: TokenSource) -> None:
        self._source = source

    async def token(self) -> str:
        return await asyncio.to_thread(self._source.token)


class FileToken:
    """Read anew for each connection."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def token(self) -> str:
        try:
            return self._path.read_text().strip()
        except OSError as error:
            raise BusError(f"The token file {self._path} cannot be read: {error.strerror}.") from error

    def for_aiokafka(self) -> AbstractTokenProvider:
        return _InThread(self)


class ClientCredentials:
    """Asks the token endpoint (RFC 6749, section 4.4), and keeps a token for most of its life."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        scope: str | None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._authorization = _basic(client_id, client_secret)
        self._form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._token = ""
        self._fresh_until_s = float("-inf")

    def token(self) -> str:
        with self._lock:
            if self._monotonic_s() >= self._fresh_until_s:
                asked_s = self._monotonic_s()
                self._token, life_s = self._ask()
                self._fresh_until_s = asked_s + life_s * FRESH_SHARE
            return self._token

    def for_aiokafka(self) -> AbstractTokenProvider:
        return _InThread(self)

    def _ask(self) -> tuple[str, float]:
        headers = {"Authorization": self._authorization, "Content-Type": "application/x-www-form-urlencoded"}
        request = Request(self._url, urlencode(self._form).encode(), headers)  # noqa: S310 (the settings take http and https)
        try:
            with urlopen(request, timeout=TOKEN_TIMEOUT_S) as answer:  # noqa: S310
                found = json.loads(answer.read(TOKEN_BYTES_MAX))
            return str(found["access_token"]), float(found.get("expires_in") or LIFE_DEFAULT_S)
        except (URLError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = str(error) or type(error).__name__
            raise BusError(f"The token endpoint {self._url} gives no token: {reason}.") from error


def _basic(client_id: str, client_secret: str) -> str:
    pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
