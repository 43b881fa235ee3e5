"""Executions wait a moment for their verdicts, so that both are decided and appended together.

A worker's success and the verdict on it come on two topics, milliseconds apart. Deciding on each when it comes would cost every
job a third visit to the store, just before its last. What waits is not done at the bus, so it is delivered again after a crash.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from queuebit_contracts.events import ExecutionSucceeded, ResultRejected, ResultValidated
from queuebit_control_plane.handler import InboundCommand
from queuebit_runtime.bus.port import Delivery

AHEAD_MAX = 10_000
_VERDICTS = (ResultValidated, ResultRejected)


class PendingMessage(NamedTuple):
    """A message whose record is not done, and the delivery to say so to."""

    command: InboundCommand
    delivery: Delivery


class JoinBuffer:
    """What waits, by job, the longest first. Any other message about a job lets go of what waits for it, in front of itself."""

    def __init__(self, *, patience_s: float, held_max: int) -> None:
        """An execution waits at most `patience_s` seconds, and only where fewer than `held_max` jobs wait already."""
        self._patience_s = patience_s
        self._held_max = held_max
        self._held: OrderedDict[UUID, tuple[float, list[PendingMessage]]] = OrderedDict()
        self._ahead: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def take(self, commands: Sequence[InboundCommand], delivery: Delivery, now_s: float) -> list[PendingMessage]:
        """What of these messages, and of what waited, is to be decided on now, in order."""
        held = self._held
        judged = {each.message.attempt_id.int for each in commands if isinstance(each.message, _VERDICTS)}
        ready: list[PendingMessage] = []
        for each in commands:
            message = each.message
            if (
                isinstance(message, ExecutionSucceeded)
                and message.attempt_id.int not in judged
                and message.attempt_id.int not in self._ahead
                and (len(held) < self._held_max or each.job_id in held)
            ):
                held.setdefault(each.job_id, (now_s + self._patience_s, []))[1].append(PendingMessage(each, delivery))
                continue
            waited = held.pop(each.job_id, None) if held else None
            if waited is not None:
                ready.extend(waited[1])
            elif isinstance(message, _VERDICTS):
                self._note(message.attempt_id.int)
            ready.append(PendingMessage(each, delivery))
        return ready

    def due(self, now_s: float) -> list[PendingMessage]:
        """What has waited long enough."""
        ready: list[PendingMessage] = []
        while self._held:
            job_id, (due_s, waiting) = next(iter(self._held.items()))
            if due_s > now_s:
                break
            del self._held[job_id]
            ready.extend(waiting)
        return ready

    def restore(self, ready: Sequence[PendingMessage], failed: Delivery | None, now_s: float) -> None:
        """Deciding failed. The bus delivers `failed` again, so nothing of it waits; all else waits on, and is due at once."""
        for job_id, (_, waiting) in list(self._held.items()):
            waiting[:] = [each for each in waiting if each.delivery is not failed]
            if not waiting:
                del self._held[job_id]
        for each in ready:
            if each.delivery is not failed:
                self._held.setdefault(each.command.job_id, (now_s, []))[1].append(each)
                self._held.move_to_end(each.command.job_id, last=False)

    def wait_s(self, now_s: float) -> float | None:
        """For how long nothing becomes due; None where nothing waits."""
        for due_s, _ in self._held.values():
            return max(0.0, due_s - now_s)
        return None

    def _note(self, attempt: int) -> None:
        """The verdict came first: its execution need not wait."""
        self._ahead[attempt] = None
        while len(self._ahead) > AHEAD_MAX:
            self._ahead.popitem(last=False)
