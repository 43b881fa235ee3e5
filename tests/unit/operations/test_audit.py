"""A log that shows tampering: whatever is done to what was recorded is found, and about where; a proof stands by itself."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from queuebit_operations.audit import checking, keeping, proofs
from queuebit_operations.audit.checking import Verified, verify
from queuebit_operations.audit.keeping import extended
from queuebit_operations.audit.proofs import Proof, prove, wrong_with
from queuebit_operations.audit.record import (
    Checkpoint,
    Record,
    Tile,
    append_record,
    make_key,
    private_key,
    public_key,
    read_record,
)
from queuebit_operations.audit.tree import leaf, path, root, root_by
from queuebit_operations.errors import BadArgument, InConflict, NotThere
from queuebit_store.ports import Position, StoredEvent

T0 = datetime(2026, 1, 5, tzinfo=UTC)
KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([nth]) * 32) for nth in (1, 2))
SMALL = 8


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (keeping, checking, proofs):
        monkeypatch.setattr(module, "TILE", SMALL)


def an_event(nth: int, **changed: Any) -> StoredEvent:
    """The nth event of the log: jobs have four each."""
    event = StoredEvent(
        epoch=1, xid=10 + nth // 3, seq=nth, stream_id=UUID(int=(0x018F << 112) | (7 << 76) | (2 << 62) | nth // 4),
        version=nth % 4 + 1, id=UUID(int=5000 + nth), type="JobQueued", schema_version=1, data=f'{{"n":{nth}}}',
        time=T0 + timedelta(seconds=nth), tenant="acme", causation_id=None, traceparent=None,
    )  # fmt: skip
    return event._replace(**changed)


class Log:
    """Events that can be tampered with."""

    def __init__(self, events: Sequence[StoredEvent]) -> None:
        self.events = list(events)

    async def read(self, after: Position, *, limit: int, **_: Any) -> list[StoredEvent]:
        return [each for each in sorted(self.events, key=lambda one: one.position) if each.position > after][:limit]

    async def events_of(self, stream_id: UUID, **_: Any) -> list[StoredEvent]:
        return [each for each in self.events if each.stream_id == stream_id]


async def recorded(log: Any, record: Record | None = None, *, key: Ed25519PrivateKey = KEY) -> Record:
    """The record with what has happened since."""
    record = record or Record()
    at = T0 + timedelta(days=1 + len(record.checkpoints))
    lines = await extended(log, ("job",), record, origin="test", now=at, key=key)
    return Record(
        record.tiles + [each for each in lines if isinstance(each, Tile)],
        record.checkpoints + [each for each in lines if isinstance(each, Checkpoint)],
    )


async def grown(counts: Sequence[int]) -> tuple[Log, Record]:
    """A log that grew to these sizes, with a checkpoint at each."""
    log, record = Log([]), Record()
    for count in counts:
        log.events += [an_event(nth) for nth in range(len(log.events), count)]
        record = await recorded(log, record)
    return log, record


async def checked(log: Any, record: Record, **how: Any) -> Verified:
    found: Verified = await verify(
        log, ("job",), record, **{"archived": frozenset(), "public": KEY.public_key(), **how}
    )
    return found


def mth(entries: Sequence[bytes]) -> bytes:
    """The hash over entries, word for word as RFC 6962 says it."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    half = 1
    while half * 2 < len(entries):
        half *= 2
    return hashlib.sha256(b"\1" + mth(entries[:half]) + mth(entries[half:])).digest()


@given(st.integers(0, 70), st.data())
def test_the_tree_is_that_of_the_rfc_and_every_entry_is_proven_where_it_stands(size: int, data: Any) -> None:
    entries = [bytes([nth]) for nth in range(size)]
    hashes = [leaf(each) for each in entries]
    assert root(hashes) == mth(entries)
    if size:
        index = data.draw(st.integers(0, size - 1))
        way = path(hashes, index)
        assert root_by(hashes[index], index, size, way) == root(hashes)
        others = [nth for nth in range(size) if nth != index]
        assert all(root_by(hashes[index], nth, size, way) != root(hashes) for nth in others)
        assert root_by(hashes[index], index, size, [*way, b""]) is None
        assert root_by(hashes[index], size, size, way) is None


@pytest.mark.parametrize("sizes", [[5], [8], [3, 5, 8], [7, 20, 41], [16, 16, 30], [1, 100]])
async def test_a_log_that_only_grew_is_what_it_was(sizes: list[int]) -> None:
    log, record = await grown(sizes)
    log.events.append(an_event(sizes[-1]))

    found = await checked(log, record)

    assert (found.findings, found.events, found.beyond) == ([], sizes[-1], 1)
    assert [each.size for each in record.checkpoints] == sorted(set(sizes))
    assert record.checkpoints[-1].root == mth([_content(each) for each in log.events[:-1]]).hex()


def _content(event: StoredEvent) -> bytes:
    from queuebit_operations.audit.leaves import content_of

    return content_of(event)


CHANGES: dict[str, Callable[[list[StoredEvent], int], None]] = {
    "data": lambda log, nth: _put(log, nth, data='{"n":"x"}'),
    "time": lambda log, nth: _put(log, nth, time=T0),
    "tenant": lambda log, nth: _put(log, nth, tenant="globex"),
    "type": lambda log, nth: _put(log, nth, type="JobStarted"),
    "stream": lambda log, nth: _put(log, nth, stream_id=UUID(int=1)),
    "version": lambda log, nth: _put(log, nth, version=99),
    "id": lambda log, nth: _put(log, nth, id=UUID(int=1)),
    "cause": lambda log, nth: _put(log, nth, causation_id=UUID(int=1)),
    "trace": lambda log, nth: _put(log, nth, traceparent="00-1"),
    "payload": lambda log, nth: _put(log, nth, payload_hash=b"x", payload_at=3),
    "removed": lambda log, nth: log.pop(nth) and None,
    "inserted": lambda log, nth: log.insert(nth, an_event(nth, xid=log[nth].xid - 1, seq=10**6 + nth)),
    "moved": lambda log, nth: _exchange(log, nth, (nth + 5) % len(log)),
    "all after it removed": lambda log, nth: log.__delitem__(slice(nth, None)),
}


def _put(log: list[StoredEvent], nth: int, **changed: Any) -> None:
    log[nth] = log[nth]._replace(**changed)


def _exchange(log: list[StoredEvent], one: int, other: int) -> None:
    here, there = log[one], log[other]
    log[one] = there._replace(epoch=here.epoch, xid=here.xid, seq=here.seq)
    log[other] = here._replace(epoch=there.epoch, xid=there.xid, seq=there.seq)


@pytest.mark.parametrize("change", CHANGES)
async def test_whatever_is_done_to_an_event_is_found_about_where_it_was(change: str) -> None:
    """Each kind of change at each place of a log of 41 events, of which the last stretch is not whole."""
    for nth in range(41):
        log, record = await grown([7, 20, 41])
        CHANGES[change](log.events, nth)
        found = await checked(log, record)
        if change == "time" and nth == 0:
            assert found.findings == []
            continue
        assert found.findings, (change, nth)
        assert any(each.first <= nth <= each.last for each in found.findings), (change, nth, found.findings)
        if not change.startswith(("all", "moved")):
            assert len(found.findings) == 1


async def test_random_edits_are_all_found() -> None:
    drawn = random.Random(7)
    log, record = await grown([50, 333])
    whole = list(log.events)
    for _ in range(200):
        log.events = list(whole)
        nth = drawn.randrange(1, len(whole))
        CHANGES[drawn.choice([name for name in CHANGES if name != "time"])](log.events, nth)
        assert (await checked(log, record)).findings


async def test_a_log_that_is_not_as_it_was_at_its_end_is_not_recorded_on() -> None:
    log, record = await grown([20])
    log.events[18] = log.events[18]._replace(data="{}")
    log.events.append(an_event(20))
    with pytest.raises(InConflict, match="not what it was"):
        await recorded(log, record)


async def test_nothing_new_makes_no_line() -> None:
    log, record = await grown([20])
    assert await recorded(log, record) == record


async def test_a_record_that_was_tampered_with_is_found_too() -> None:
    log, record = await grown([7, 20, 41])
    tile = record.tiles[1].model_copy(update={"hash": "0" * 64})
    wrong = [
        Record([record.tiles[0], tile, *record.tiles[2:]], record.checkpoints),
        Record([record.tiles[0], *record.tiles[2:]], record.checkpoints),
        Record(record.tiles, [*record.checkpoints[:1], *reversed(record.checkpoints[1:])]),
        Record(record.tiles, [record.checkpoints[0].model_copy(update={"root": "0" * 64}), *record.checkpoints[1:]]),
        (await recorded(log, None, key=OTHER)),
    ]
    assert [bool((await checked(log, each)).findings) for each in wrong] == [True] * 5
    assert (await checked(log, wrong[-1], public=None)).findings == []


async def test_stretches_with_archived_months_are_taken_by_their_hash_and_others_are_not() -> None:
    log, record = await grown([41])
    (month,) = record.tiles[0].months
    log.events = [each for each in log.events if each.seq >= 16]

    taken = await checked(log, record, archived={month})
    other = await checked(log, record, archived={"1999-01"})

    assert (taken.archived, taken.findings) == (2, [])
    assert (other.archived, len(other.findings)) == (0, 2)


async def test_an_end_that_was_cut_off_does_not_hide_behind_months_that_were_archived_long_ago() -> None:
    log, record = await grown([41])
    (month,) = record.tiles[0].months
    del log.events[40:]

    assert (await checked(log, record, archived={month})).findings == []
    assert len((await checked(log, record, archived={"1999-01"})).findings) == 1


async def test_a_record_without_the_checkpoint_of_its_lines_is_no_record() -> None:
    log, record = await grown([7, 41])
    for cut in (Record(), Record(record.tiles), Record(record.tiles, record.checkpoints[:1])):
        (found,) = (await checked(log, cut)).findings
        assert found.detail == "the record lacks its last checkpoint"


async def test_what_a_proof_shows_of_an_event_is_what_was_hashed_of_it() -> None:
    payload = '{"side":[0,1]}'
    log, record = await grown([16])
    bare = log.events[5]._replace(
        data='{"answer":null,"n":5}', payload_at=10, payload_hash=hashlib.sha256(payload.encode()).digest()
    )
    log.events[5] = bare
    record = await recorded(log)
    proof = await prove(log, ("job",), record, bare.stream_id)  # type: ignore[arg-type]
    first, apart, *others = proof.events
    whole = apart.model_copy(update={"data": f'{{"answer":{payload},"n":5}}'})
    shown = proof.model_copy(update={"events": (first, whole, *others)})

    assert wrong_with(shown, KEY.public_key()) == []
    for changed in (
        (first.model_copy(update={"data": '{"n":99}'}), whole, *others),
        (first.model_copy(update={"type": "Job"}), whole, *others),
        (first.model_copy(update={"type": "acme"}), whole, *others),
        (first, whole.model_copy(update={"data": '{"answer":{"side":[1,1]},"n":5}'}), *others),
        (first, whole.model_copy(update={"data": f'{{"answer":{payload},"n":6}}'}), *others),
        (first, *others),
        (whole, first, *others),
        (),
    ):
        assert wrong_with(proof.model_copy(update={"events": changed}), KEY.public_key()), changed


async def test_a_proof_of_a_job_stands_by_itself_and_a_false_one_falls() -> None:
    log, record = await grown([7, 41])
    job_id = an_event(17).stream_id
    proof = await prove(log, ("job",), record, job_id)  # type: ignore[arg-type]
    text = proof.model_dump_json()

    assert [event.index for event in proof.events] == [16, 17, 18, 19]
    assert wrong_with(Proof.model_validate_json(text), KEY.public_key()) == []
    assert wrong_with(proof, OTHER.public_key()) == ["the checkpoint is not signed by this key"]
    first = proof.events[0]
    for changed in (
        first.model_copy(update={"index": 17}),
        first.model_copy(update={"content": proof.events[1].content}),
        first.model_copy(update={"way": first.way[1:]}),
        first.model_copy(update={"content": "%"}),
    ):
        assert wrong_with(proof.model_copy(update={"events": (changed,)}), None)
    assert wrong_with(proof.model_copy(update={"job_id": UUID(int=9)}), None)


async def test_what_was_tampered_with_cannot_be_proven() -> None:
    log, record = await grown([41])
    log.events[17] = log.events[17]._replace(data="{}")
    with pytest.raises(InConflict):
        await prove(log, ("job",), record, an_event(17).stream_id)  # type: ignore[arg-type]
    with pytest.raises(NotThere):
        await prove(log, ("job",), record, UUID(int=3))  # type: ignore[arg-type]
    with pytest.raises(NotThere):
        await prove(log, ("job",), Record(), UUID(int=3))  # type: ignore[arg-type]


async def test_files_are_read_as_they_were_written_and_others_are_refused(tmp_path: Path) -> None:
    _, record = await grown([7, 20])
    file, key_file = tmp_path / "record.jsonl", tmp_path / "key"
    append_record(file, [record.checkpoints[0], *record.tiles, record.checkpoints[1]])
    public = make_key(key_file, bytes([1]) * 32)

    assert read_record(file) == record
    assert read_record(tmp_path / "none", may_be_new=True) == Record()
    assert record.checkpoints[0].is_by(public_key(public))
    assert private_key(key_file).private_bytes_raw() == bytes([1]) * 32
    assert key_file.stat().st_mode & 0o777 == 0o600
    file.write_text(file.read_text() + "{}\n")
    wrong: list[Callable[[], Any]] = [
        lambda: read_record(file), lambda: read_record(tmp_path / "none"), lambda: make_key(key_file, b"2" * 32),
        lambda: private_key(file), lambda: public_key("x"),
    ]  # fmt: skip
    for each in wrong:
        with pytest.raises(BadArgument):
            each()
