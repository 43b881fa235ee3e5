"""HTTPS: the gateway's own certificate, read anew while it runs when whoever renews it has written it."""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path

from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import wait_event

LOOK_INTERVAL_S = 5.0
_log = logging.getLogger(__name__)
Stamp = tuple[tuple[int, int, int], ...]


class BadCertificate(ValueError):
    """Certificate and key cannot be used. Permanent until somebody writes other files."""


class Certificate:
    """A certificate with its key, in PEM. `context` is for the server; who connects after `look` gets what was read last."""

    def __init__(self, certificate: Path, key: Path | None) -> None:
        """Read the files. Raises BadCertificate."""
        self._certificate, self._key = certificate, key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._seen = self._stamp()
        self._load(self.context)

    def look(self) -> bool:
        """Read the files again where they have changed; whether they had. Raises BadCertificate where they cannot be used: then
        the one that was read last stays, and the next look tries again.
        """
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        # A context of its own first: half of a pair that does not fit would take the working one with it.
        self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        self._load(self.context)
        self._seen = stamp
        return True

    async def run(self, stop: asyncio.Event, clock: Clock) -> None:
        """Look again and again until told to stop. What cannot be read is said each time it is seen."""
        while not await wait_event(stop, clock, LOOK_INTERVAL_S):
            try:
                if self.look():
                    _log.info("The certificate was renewed: %s", self._certificate)
            except BadCertificate as error:
                _log.error("The certificate stays as it was: %s", error)

    def _stamp(self) -> Stamp:
        try:
            return tuple(
                (found.st_ino, found.st_mtime_ns, found.st_size)
                for found in (path.stat() for path in (self._certificate, self._key) if path is not None)
            )
        except OSError as error:
            raise _bad(error) from error

    def _load(self, context: ssl.SSLContext) -> None:
        try:
            # Without a password OpenSSL would ask for one at the terminal.
            context.load_cert_chain(self._certificate, self._key, password="")
        except (OSError, ssl.SSLError, ValueError) as error:
            raise _bad(error) from error


def _bad(error: Exception) -> BadCertificate:
    return BadCertificate(
        f"QUEUEBIT_HTTP_CERTIFICATE_FILE and QUEUEBIT_HTTP_KEY_FILE cannot be used: {error}. Name a certificate and its key"
        " that belong together, in PEM, without a password, and readable for this user."
    )
