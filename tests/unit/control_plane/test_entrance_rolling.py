"""What comes in while a new release takes the place of an older one, and what nobody believes of a stranger."""

from __future__ import annotations

from typing import Any

import orjson

from queuebit_contracts.channels import ADMITTED
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.ids import uuid7
from queuebit_contracts.jobs import JobRequest
from queuebit_problems.admission import admit
from tests.unit.control_plane.aside_plane import a_plane, a_ring, asked


async def test_a_parameter_that_says_something_now_may_be_any_where_an_older_gateway_admitted_it() -> None:
    """Given a job whose `candidate` names no job, and one beside it, then both are taken, and it is said why none competes."""
    found = admit(JobRequest(tenant="acme", problem=a_ring(6), lane="classical"))
    odd = found.request.model_copy(update={"params": {"candidate": "the-best"}})
    of_gateway: dict[str, Any] = {"fingerprint": found.fingerprint, "admission": found.admission, "topic": ADMITTED}
    async with a_plane() as plane:
        await plane.send(
            asked(1, idempotency_key=str(uuid7(1, 1)), request=odd, **of_gateway),
            asked(2, "globex", idempotency_key=str(uuid7(1, 2))),
        )
        await plane.until(lambda: plane.jobs("acme") + plane.jobs("globex") == 2)
        await plane.quiet(ADMITTED)

        (stream,) = (key for key, row in plane.store.database.streams.items() if row.tenant == "acme")
        plan = orjson.loads(plane.store.database.events[stream][1].data)

    assert plan["reasons"][-1] == "No earlier answer competes: params.candidate is no id of a job."


OURS: dict[str, Any] = {
    "fingerprint": "0" * 64,
    "admission": {
        "size": {"variables": 1, "qubits": 1, "terms": 1}, "family": "optimisation", "problem_fingerprint": "1" * 64,
    },
    "parent": {"job_id": str(uuid7(1, 5)), "version": 3, "role": "rerun", "actor": "eve", "reason": "why"},
    "requested_by": "eve",
    "quote": {
        "request": "r", "leg": "primary-quantum", "lane": "quantum", "backend": "qpu", "parts": [], "digest": "d",
        "amount": {"amount": "1", "currency": "USD"}, "expires_at": "2027-01-01T00:00:00Z",
    },
}  # fmt: skip
"""What only our own services may say; whoever adds a field says here whether a stranger is believed."""
ANYBODY = {"request", "idempotency_key", "origin", "compensations", "supersedes"}


async def test_of_what_a_stranger_says_nothing_is_believed_that_only_our_own_services_may_say() -> None:
    found = admit(JobRequest(tenant="acme", problem=a_ring(6), lane="classical"))
    async with a_plane() as plane:
        plane.pool.open()
        await plane.send(asked(1, **OURS))
        await plane.until(lambda: plane.jobs("acme") == 1)

        stored = plane.first("acme")

    assert {name: stored.get(name) for name in OURS} == {
        "fingerprint": found.fingerprint,
        "admission": found.admission.model_dump(mode="json", exclude_none=True),
        "parent": None,
        "requested_by": None,
        "quote": None,
    }
    assert {*OURS, *ANYBODY} == {*JobSubmitted.model_fields}
