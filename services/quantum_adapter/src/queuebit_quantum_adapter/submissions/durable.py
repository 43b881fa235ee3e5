"""Requests at providers that charge for them: through the ledger, so that each is paid for once, whatever dies meanwhile.

A repeat of the attempt finds what was handed in before, follows it, and takes its result from the ledger where it is there: a
round that was paid is never paid again.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import KeyReused, NoBackend, SubmissionEnded
from queuebit_quantum_adapter.ports import Provider, Request, Result
from queuebit_quantum_adapter.submissions.codec import decode_result, encode_request, hash_of
from queuebit_quantum_adapter.submissions.driver import LEASE_S, Driver, terms_of, unheard
from queuebit_store.errors import InvalidSettings
from queuebit_store.postgres import PostgresStore, settings_from
from queuebit_store.submissions.port import NewSubmission, Submission, Submissions, SubmissionState

T = TypeVar("T")
OpenStore = Callable[[], Awaitable[Submissions]]
SLEEP_S_MAX = 1.0
ADVANCED_MAX = 50


class Loop:
    """An event loop in a thread of its own, for callers that know of none."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="ledger", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for what the coroutine gives. A caller that is interrupted leaves it as it is: the ledger outlives both."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class Durable:
    """Hands requests in at one backend, through the ledger of this process."""

    def __init__(
        self,
        open_store: OpenStore,
        backend: str,
        *,
        loop: Loop,
        poll_s: float = 2.0,
        lease_s: float = LEASE_S,
        heard: Callable[[str], None] = unheard,
    ) -> None:
        """`heard` is told whatever changes about a submission that is waited for, in words."""
        self._open_store = open_store
        self._backend = backend
        self._loop = loop
        self._owner = f"{socket.gethostname()}/{os.getpid()}"
        self._poll_s = poll_s
        self._lease_s = lease_s
        self._heard = heard

    def __call__(self, provider: Provider, request: Request, attempt_id: UUID, number: int, key: UUID) -> Result:
        """What the request gave, at once where it is in the ledger. Raises SubmissionEnded, KeyReused or StoreError."""
        data = encode_request(request)
        new = NewSubmission(key, attempt_id, number, self._backend, data, hash_of(data))
        return self._loop.run(self._run(provider, new))

    def advance(self, provider: Provider) -> int:
        """Act on what is due at the backend, whoever began it; how many submissions that were."""
        return self._loop.run(self._advance(provider))

    def cancel(self, attempt_id: UUID) -> int:
        """Note that nobody wants the results of an attempt; how many of its submissions had not ended."""

        async def cancel() -> int:
            return await (await self._open_store()).want_cancelled(attempt_id)

        return self._loop.run(cancel())

    async def _run(self, provider: Provider, new: NewSubmission) -> Result:
        store = await self._open_store()
        row: Submission | None = await store.intend(new)
        driver = self._driver(store, provider)
        said = ""
        while row is not None and not row.state.final:
            if row.request_hash != new.request_hash:
                break
            wait_s = 0.0 if row.due_at is None else (row.due_at - await store.submissions_now()).total_seconds()
            if wait_s > 0:
                await asyncio.sleep(min(wait_s, SLEEP_S_MAX))
            elif (claimed := await store.claim(new.key, self._owner, self._lease_s)) is not None:
                await driver.advance(claimed)
            else:
                await asyncio.sleep(min(self._poll_s, SLEEP_S_MAX))
            row = await store.submission(new.key)
            if row is not None and row.detail not in ("", said):
                said = row.detail
                self._heard(said)
        if row is None or row.request_hash != new.request_hash:
            raise KeyReused(f"The key {new.key} stands for another request in the ledger.")
        data = await store.submission_result(new.key) if row.state is SubmissionState.CONCLUDED else None
        if data is None:
            code = FailureCode(row.code) if row.code is not None else FailureCode.INTERNAL
            raise SubmissionEnded(f"The submission {row.provider_id or row.key} {row.state.value}: {row.detail}", code)
        return decode_result(data)

    async def _advance(self, provider: Provider) -> int:
        driver, count = self._driver(await self._open_store(), provider), 0
        while count < ADVANCED_MAX and await driver.advance_due(self._backend):
            count += 1
        return count

    def _driver(self, store: Submissions, provider: Provider) -> Driver:
        terms = terms_of(provider, poll_s=self._poll_s)
        return Driver(store, provider, terms, owner=self._owner, lease_s=self._lease_s)


@cache
def ledger_loop() -> Loop:
    """The loop of this process."""
    return Loop()


_stores: dict[int, PostgresStore] = {}


async def open_ledger() -> Submissions:
    """The store of this process, on PostgreSQL, opened when it is first asked for. Raises NoBackend or StoreError."""
    store = _stores.get(os.getpid())
    if store is None:
        try:
            settings = settings_from(os.environ, service="quantum-adapter")
        except InvalidSettings as error:
            raise NoBackend(
                "A provider that charges needs a ledger in PostgreSQL.", remedy=f"{error.detail} {error.remedy}"
            ) from error
        store = _stores[os.getpid()] = await PostgresStore.open(settings)
    return store
