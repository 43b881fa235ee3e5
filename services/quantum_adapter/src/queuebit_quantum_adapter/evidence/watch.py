"""Hears what is said about a submission, and keeps it before anything is made of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from queuebit_quantum_adapter.evidence.keeping import Keeping
from queuebit_quantum_adapter.evidence.port import Exchange, Overheard, Shown
from queuebit_quantum_adapter.ports import Provider, Request
from queuebit_store.evidence.port import Seen

_log = logging.getLogger(__name__)


class Watch:
    """What whoever acts on submissions hears; it is `taken` to be noted beside the submission."""

    def __init__(self, keeping: Keeping | None = None) -> None:
        """Without `keeping` it hears nothing."""
        self._keeping = keeping
        self._seen: list[Seen] = []

    @contextmanager
    def listening(self, provider: Provider | None) -> Iterator[None]:
        """While this lasts, what the provider is told and tells about submissions is kept."""
        if self._keeping is None or not isinstance(provider, Overheard):
            yield
            return
        provider.overhear(self._hear)
        try:
            yield
        finally:
            provider.overhear(None)

    def sees(self, provider: Provider, request: Request) -> None:
        """Keep what the provider makes of the circuits that are about to be sent."""
        if self._keeping is None or not isinstance(provider, Shown):
            return
        try:
            for program in provider.shown(request):
                self._seen.append(Seen(program.name, *_in_order(self._keeping.put(program.name, program.data))))
        except Exception as error:
            _log.warning("The programs that are sent are not kept: %s", type(error).__name__)

    def taken(self) -> list[Seen]:
        """What was seen since the last time."""
        seen, self._seen = self._seen, []
        return seen

    def _hear(self, exchange: Exchange) -> None:
        assert self._keeping is not None
        if exchange.request:
            name = f"{exchange.name} request"
            self._seen.append(Seen(name, *_in_order(self._keeping.put(name, exchange.request))))
        name = f"{exchange.name} answer"
        if exchange.answer is None:
            self._seen.append(Seen(name, None, 0, exchange.status, kept=False))
        else:
            sha256, size, kept = self._keeping.put(name, exchange.answer)
            self._seen.append(Seen(name, sha256, size, exchange.status, kept))


def _in_order(put: tuple[str, int, bool]) -> tuple[str, int, None, bool]:
    sha256, size, kept = put
    return sha256, size, None, kept
