"""What people set about, written down before it is done."""

from __future__ import annotations

from typing import Literal

from queuebit_gateway.asker import Asker
from queuebit_gateway.read_model.audit import Audit
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import Ids
from queuebit_store.audit.port import AuditTrail, Deed

DeedName = Literal[
    "key.make",
    "key.rotate",
    "key.revoke",
    "webhook.make",
    "webhook.change",
    "webhook.delete",
    "webhook.rotate",
    "webhook.replay",
    "job.cancel",
    "job.reveal",
    "approval.grant",
    "approval.deny",
    "subject.erase",
]
"""What is told of: the thing, and what was done to it."""


class Trail:
    """Writes the trail of deeds of every tenant; `audit` reads it."""

    def __init__(self, store: AuditTrail, clock: Clock, ids: Ids) -> None:
        self.audit = Audit(store)
        self._store = store
        self._clock = clock
        self._ids = ids

    async def note(self, asker: Asker, name: DeedName, about: object, reason: str = "") -> None:
        """Keep who sets about what, and why. Raises StoreError; then it may not be done."""
        deed = Deed(self._ids.mint(), asker.tenant, self._clock.now(), asker.who, name, str(about), reason)
        await self._store.note_deed(deed)
