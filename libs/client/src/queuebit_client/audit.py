"""The trail of your tenant, and sealed data that you may see.

client.read(audit()).data
client.send(reveal(job_id, "complaint 4711")).answer
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from queuebit_client.changes import Change, path_of
from queuebit_client.models import Job
from queuebit_client.reads import Read
from queuebit_contracts.model import Model


class AuditEntry(Model):
    """Who set about what, when and why. It was written before it was done."""

    id: UUID
    at: datetime
    actor: str
    action: str
    about: str
    reason: str = ""


class AuditPage(Model):
    """A page of the trail, the latest first. `next_cursor`: where the next one begins, where there is one."""

    data: tuple[AuditEntry, ...]
    has_more: bool
    next_cursor: str | None = None


def audit(*, actions: Sequence[str] = (), limit: int = 50, cursor: str | None = None) -> Read[AuditPage]:
    """A page of who did what with keys, webhooks and jobs of your tenant; with `actions` only such as `key.revoke`."""
    query = [("limit", str(limit)), *(("action", each) for each in actions)]
    query += [("cursor", cursor)] if cursor is not None else []
    return Read(AuditPage, f"/v1/audit?{urlencode(query)}")


def reveal(job_id: UUID | str, reason: str) -> Change[Job]:
    """The job with all that is sealed of it opened. Who asked, and why, stands in the trail before the answer comes."""
    return Change(Job, "POST", path_of("jobs", job_id, "/reveal"), {"reason": reason})
