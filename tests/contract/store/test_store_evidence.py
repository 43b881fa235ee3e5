"""What was seen of submissions: in its order, once as long as it stays the same, and by the leg of a job."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from queuebit_store.evidence import port
from queuebit_store.evidence.port import Piece, Seen
from queuebit_store.submissions.port import NewSubmission, SubmissionState

KEY, OTHER, LINEAGE = UUID(int=101), UUID(int=102), UUID(int=6)
POST = Seen("POST /jobs request", "a" * 64, 2_000)
NO_ANSWER = Seen("POST /jobs answer", None, 0, kept=False)
QUEUED = Seen("GET /jobs/1 answer", "b" * 64, 300, 200)
BUSY = Seen("GET /jobs/1 answer", "b" * 64, 300, 503)
DONE = Seen("GET /jobs/1 answer", "c" * 64, 310, 200, kept=False)


async def submitted(store: Any, key: UUID, lineage: UUID | None = LINEAGE) -> None:
    await store.intend(NewSubmission(key, UUID(int=key.int + 1000), 0, "ibm", b"circuits", "0" * 64, lineage))


def seen(pieces: list[Piece]) -> list[tuple[UUID, int, Seen]]:
    return [(piece.key, piece.epoch, piece.seen) for piece in pieces]


async def test_it_is_told_in_the_order_in_which_it_was_seen(store: Any) -> None:
    await submitted(store, KEY)
    await store.note_evidence(KEY, 1, [POST, NO_ANSWER])
    await store.note_evidence(KEY, 2, [QUEUED, DONE])

    found = await store.evidence(KEY)

    assert seen(found) == [(KEY, 1, POST), (KEY, 1, NO_ANSWER), (KEY, 2, QUEUED), (KEY, 2, DONE)]
    assert [piece.at for piece in found] == sorted(piece.at for piece in found)


async def test_what_stays_the_same_is_noted_once(store: Any) -> None:
    await submitted(store, KEY)
    await store.note_evidence(KEY, 1, [QUEUED, QUEUED])
    await store.note_evidence(KEY, 1, [QUEUED, BUSY])
    await store.note_evidence(KEY, 1, [QUEUED, DONE, QUEUED, NO_ANSWER, NO_ANSWER])

    kept = [piece.seen for piece in await store.evidence(KEY)]

    assert kept == [QUEUED, BUSY, QUEUED, DONE, QUEUED, NO_ANSWER]


async def test_of_a_leg_that_of_all_its_submissions(store: Any) -> None:
    for key in (KEY, OTHER):
        await submitted(store, key)
    await submitted(store, UUID(int=103), UUID(int=7))
    await store.note_evidence(OTHER, 1, [POST])
    await store.note_evidence(UUID(int=103), 1, [POST])
    await store.note_evidence(KEY, 1, [POST, DONE])

    found = seen(await store.evidence_of_lineage(LINEAGE))

    assert found == [(KEY, 1, POST), (KEY, 1, DONE), (OTHER, 1, POST)]


async def test_nothing_was_seen_of_what_nobody_knows(store: Any) -> None:
    await store.note_evidence(KEY, 1, [])
    assert await store.evidence(KEY) == await store.evidence_of_lineage(LINEAGE) == []


async def test_it_is_forgotten_with_its_submission(store: Any) -> None:
    for key in (KEY, OTHER):
        await submitted(store, key)
        await store.note_evidence(key, 1, [POST])
    row = await store.claim(KEY, "one", 60.0)
    await store.save_submission(replace(row, state=SubmissionState.FAILED, due_at=None), "It failed.", release=True)

    assert await store.forget_submissions(await store.submissions_now() + timedelta(days=1), 10) == 1

    assert (await store.evidence(KEY), seen(await store.evidence(OTHER))) == ([], [(OTHER, 1, POST)])


async def test_there_is_an_end_to_it(store: Any, monkeypatch: Any) -> None:
    for module in ("memory", "postgres"):
        monkeypatch.setattr(f"{port.__package__}.{module}.EVIDENCE_MAX", 3)
    await submitted(store, KEY)
    for number in range(5):
        await store.note_evidence(KEY, 1, [Seen("poll", f"{number:064x}", 10)])

    assert len(await store.evidence(KEY)) == 3
