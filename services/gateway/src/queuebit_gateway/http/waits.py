"""Requests that wait: until a job has ended, or is newer, and never longer than the caller stays and its key is live."""

from __future__ import annotations

from fastapi import Request
from starlette.requests import ClientDisconnect

from queuebit_contracts.errors import FieldError
from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http.parts import parts_of
from queuebit_gateway.http.tracing import WAITED
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.jobs import Found
from queuebit_gateway.read_model.models import JobView

WOULD_WAIT = "would_wait"
CHECK_INTERVAL_S = 5.0
"""How often a wait looks whether the caller is still there, and still may."""


def refuse_waiting(view: JobView) -> None:
    """Raises Refusal would_wait where the question wanted no waiting and was refused for that."""
    rejection = view.rejection
    if rejection is not None and rejection.code == WOULD_WAIT:
        wrong = FieldError("/params/queue", WOULD_WAIT, "is `never`, and it would wait")
        raise Refusal(
            WOULD_WAIT,
            rejection.detail,
            errors=(wrong,),
            job_id=view.id,
            retry_after_s=rejection.retry_after_s,
        )


class Waiter:
    """Waits for one request. Raises ClientDisconnect where the caller has gone, Refusal where its key is not live any more."""

    def __init__(self, request: Request, actor: Actor) -> None:
        self._request = request
        self._actor = actor
        self._parts = parts_of(request)

    async def until_ended(self, found: Found, wait_s: float) -> Found:
        """The job when it has ended, or as it is when the time is over."""
        self._request.scope[WAITED] = True
        ends_at_s = self._parts.clock.monotonic_s() + wait_s
        while not found.ended and (left_s := ends_at_s - self._parts.clock.monotonic_s()) > 0:
            newer = await self.until_newer(found, found.version, left_s)
            if newer is found:
                break
            found = newer
        return found

    async def until_newer(self, found: Found, version: int, wait_s: float) -> Found:
        """The job when it is beyond `version`, or as it is when the time is over."""
        parts = self._parts
        self._request.scope[WAITED] = True
        ends_at_s = parts.clock.monotonic_s() + wait_s
        while found.version <= version and (left_s := ends_at_s - parts.clock.monotonic_s()) > 0:
            if await parts.tailer.newer(found.tenant, found.job_id, version, min(left_s, CHECK_INTERVAL_S)):
                return await parts.jobs.find(self._actor.asker, found.job_id)
            if parts.tailer.closing:
                break
            await self._check()
        return found

    async def _check(self) -> None:
        if await self._request.is_disconnected():
            raise ClientDisconnect
        await self._parts.authenticator.check(self._actor)
