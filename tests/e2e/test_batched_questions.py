"""A batch of questions in one record, on the real servers: each is a question of its own."""

from __future__ import annotations

import orjson

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.channels import dead_letter
from queuebit_contracts.envelope import Envelope, to_structured
from queuebit_contracts.ids import asked_job_id_of, refusal_id_of
from queuebit_devstack.credentials import TENANT
from tests.e2e.harness import Platform, clock, eventually, ids, trivial

BATCH = [("content-type", b"application/cloudevents-batch+json; charset=utf-8")]
LETTERS = dead_letter("control-plane")


def letters(queuebit: Platform) -> list[bytes]:
    """What the control plane set aside."""
    return [record.value for record in queuebit.letters.get(LETTERS, ())]


async def test_a_bad_event_of_a_batch_spoils_no_other(queuebit: Platform) -> None:
    """Given a batch of two questions, one that is refused and one that cannot be read, then each ends as it would alone."""
    asked = [Envelope(ids.mint(), "/batches", "", clock.now(), ev.JobSubmitted(request=each)) for each in trivial(3)]
    first, second, wrong = (to_structured(each) for each in asked)
    wrong["data"] = {"request": {}}
    unreadable = {**first, "id": "", "source": "/batches/unreadable"}
    value = orjson.dumps([first, unreadable, wrong, second])
    job_ids = [asked_job_id_of(TENANT, "/batches", asked[number].id) for number in (0, 1)]

    await (await queuebit.send(channels.SUBMITTED, BATCH, value))
    ends = await queuebit.outcomes([*job_ids, refusal_id_of("unknown", "/batches", asked[2].id)])
    await eventually(
        lambda: orjson.dumps(unreadable) in letters(queuebit), "what cannot be read is in the dead letters"
    )

    assert [type(each).__name__ for each in ends] == ["JobCompleted", "JobCompleted", "JobRejected"]
