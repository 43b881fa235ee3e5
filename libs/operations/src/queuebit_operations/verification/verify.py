"""Verify: every check over the whole store, or over a selection of it, and over the topics.

The order of reading is what makes it right beside running services. First where the groups, the relay's cursor and the ends
of the topics stand, what was handed in at providers, and what was set aside; then the store, which by then holds all that was
published up to those ends, and every work order that something was handed in for; then the other topics up to those ends.

A large store is verified in shares, each in its turn or in a process of its own, and what shares say is settled at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from queuebit_contracts import channels
from queuebit_contracts.streams import PUBLISHED, REFUSAL
from queuebit_operations.records.port import AllRecords, Place, Span
from queuebit_operations.records.relayed import RELAYED
from queuebit_operations.scan.port import Marks, Scan, Selection, Stream
from queuebit_operations.verification.archived import Gone
from queuebit_operations.verification.findings import Finding
from queuebit_operations.verification.parts import Counts, Part, Verified, settled
from queuebit_operations.verification.published import LETTERS, Published
from queuebit_operations.verification.questions import GROUPS, Questions
from queuebit_operations.verification.set_aside import SetAside
from queuebit_operations.verification.share import Share
from queuebit_operations.verification.streams import examine
from queuebit_operations.verification.topics import Topics
from queuebit_runtime.clock import Clock
from queuebit_store.gates.port import USUAL
from queuebit_store.ports import Position, Reservation
from queuebit_store.submissions.port import SubmissionState

LIVE = frozenset(state.value for state in SubmissionState if not state.final)
LOOKED_AT_S = 900.0
"""How much longer than its moment something at a provider may wait: longer than any question there and any lease."""
RELAY = "publisher"
"""The cursor of the relay."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much verify may ask. `rate_per_s`: events a second, None for as fast as one connection goes. `grace_s`: how long
    something may wait before it counts.
    """

    rate_per_s: float | None = None
    grace_s: float = 60.0


SET_ASIDE = tuple(channels.dead_letter(group) for group in ("control-plane", "control-plane.large"))
"""Where questions lie that nobody could read or decide on."""
LOOKED_AT = frozenset({*RELAYED, *GROUPS, LETTERS})
"""The other topics whose records are read. Of more, such as what workers report, only the offsets count here."""


class Verification:
    """One run over one share. `records` is None where only the store is looked at; `gone`: what is out of the log."""

    def __init__(
        self,
        scan: Scan,
        records: AllRecords | None,
        clock: Clock,
        bounds: Bounds,
        *,
        on_progress: Callable[[Counts], None],
        share: Share = Share(),  # noqa: B008
        gone: Gone | None = None,
    ) -> None:
        self._scan = scan
        self._records = records
        self._clock = clock
        self._bounds = bounds
        self._on_progress = on_progress
        self._share = share
        self._gone = gone or Gone(())
        self._result = Part()
        self._fingerprints: dict[UUID, int] = {}
        self._awaited: dict[int, list[tuple[UUID, datetime, Finding]]] = {}
        """What is known of an attempt that was not met yet: since when, and what is wrong where it never is."""
        self._highest: dict[int, tuple[int, UUID]] = {}
        """The highest transaction id of each epoch, and a stream that has it."""
        self._set_aside = SetAside()

    async def run(self, selection: Selection) -> Verified:
        """Check everything that the selection holds, where this share is all of it."""
        return settled([await self.part(selection)], selection)

    async def part(self, selection: Selection) -> Part:
        """Check what the share has of the selection. What needs the whole is checked only of the whole: cursors, groups, keys,
        and what is on topics. Raises what store and bus raise.
        """
        whole = selection.everything
        committed = await self._records.committed() if self._records is not None and whole else {}
        before = await self._scan.marks()
        spans = await self._records.spans(_topics()) if self._records is not None and whole else {}
        if whole:
            await self._ledger()
        published = Published(before.cursors.get(RELAY, Position()), self._gone)
        questions = Questions(committed, self._gone)
        topics: Topics | None = None
        if self._records is not None and whole:
            wanted = {place: span for place, span in spans.items() if place.topic in LOOKED_AT.union(SET_ASIDE)}
            topics = Topics(self._records, wanted, self._share, published.jobs, self._result, self._tell)
            await self._letters(topics)
        await self._streams(selection, published, questions)
        if whole:
            self._marks(before, await self._scan.marks())
            await self._keys()
            self._without_attempt(overdue=self._clock.now() - timedelta(seconds=self._bounds.grace_s))
        if topics is not None:
            await self._topics(topics, published, questions, spans)
            if self._share.number == 0:
                self._groups(committed, spans)
        self._on_progress(self._result.counts)
        return self._result

    def _add(self, finding: Finding) -> None:
        self._result.findings.add(finding)

    def _tell(self) -> None:
        self._on_progress(self._result.counts)

    async def _letters(self, topics: Topics) -> None:
        """Before the store is looked at: what was applied by then is there."""
        async for _, some in topics.read(SET_ASIDE):
            self._set_aside.hear(some)
            self._result.set_aside |= {value for each in some for name, value in each.headers if name == "ce_id"}
        self._set_aside.settle()

    async def _streams(self, selection: Selection, published: Published, questions: Questions) -> None:
        counts = self._result.counts
        began_s = self._clock.monotonic_s()
        overdue = self._clock.now() - timedelta(seconds=self._bounds.grace_s)
        shared = selection.everything and self._share.of > 1
        pages = self._scan.some_streams(self._has) if shared else self._scan.streams(selection)
        async for page in pages:
            for stream in page:
                if shared or self._has(stream.stream_id):
                    self._stream(stream, published, questions, overdue)
                    counts.events += len(stream.events)
                    counts.streams += 1
            self._on_progress(counts)
            if self._bounds.rate_per_s is not None:
                ahead_s = counts.events / self._bounds.rate_per_s - (self._clock.monotonic_s() - began_s)
                if ahead_s > 0:
                    await self._clock.sleep(ahead_s)
        if self._records is None or selection.everything:
            for late in published.late(overdue.timestamp()):
                self._add(late)

    def _has(self, stream_id: UUID) -> bool:
        return self._share.has(str(stream_id).encode())

    def _stream(self, stream: Stream, published: Published, questions: Questions, overdue: datetime) -> None:
        examined = examine(stream)
        for finding in examined.findings:
            self._add(finding)
        if self._set_aside.has(stream.stream_id):
            for finding in self._set_aside.look_at(stream, overdue):
                self._add(finding)
        for event in stream.events:
            if event.xid > self._highest.get(event.epoch, (0, stream.stream_id))[0]:
                self._highest[event.epoch] = (event.xid, stream.stream_id)
            if event.category in PUBLISHED and (twice := published.note(event)) is not None:
                self._add(twice)
        if self._awaited:
            for attempt_id in examined.attempts:
                self._awaited.pop(attempt_id.int, None)
        questions.jobs.add(stream.stream_id)
        if stream.events and stream.events[0].causation_id is not None:
            questions.causes.add(stream.events[0].causation_id)
        if examined.refused_cause is not None:
            questions.refused.add(examined.refused_cause)
        if stream.events and stream.events[0].category == REFUSAL and stream.events[0].causation_id is not None:
            questions.refused.add(stream.events[0].causation_id)
        head = stream.head
        if head is not None:
            self._fingerprints[stream.stream_id] = hash(head.head.attributes.get("fingerprint", ""))
            if head.head.wake_at is not None and head.head.wake_at < overdue:
                self._add(Finding("timer_overdue", str(stream.stream_id), f"since {head.head.wake_at.isoformat()}"))

    def _marks(self, before: Marks, after: Marks) -> None:
        """A cursor was read before the newest event, so it cannot honestly stand behind it."""
        for name, cursor in before.cursors.items() if self._share.number == 0 else ():
            if cursor > after.newest:
                detail = f"it stands at {tuple(cursor)}, the last event at {tuple(after.newest)}"
                self._add(Finding("cursor_ahead", f"cursor {name}", detail))
        for epoch, (xid, stream_id) in self._highest.items():
            if epoch > after.epoch:
                detail = f"an event of it is of epoch {epoch}, the era is {after.epoch}"
                self._add(Finding("epoch_ahead", str(stream_id), detail))
            elif epoch == after.epoch and xid >= after.next_xid:
                detail = (
                    f"an event of it has the transaction id {xid}, the next one to be given out is {after.next_xid}"
                )
                self._add(Finding("future_transaction", str(stream_id), detail))

    async def _keys(self) -> None:
        async for page in self._scan.reservations():
            for each in page:
                self._key(each)
            self._result.counts.reservations += len(page)

    async def _ledger(self) -> None:
        """A submission is stored after its work order, which the store has when it is looked at later."""
        live: dict[UUID, UUID] = {}
        async for page in self._scan.ledger():
            for row in page:
                about = f"round {row.round} of the attempt {row.attempt_id}, {row.state}"
                if row.attempt_id != row.key:  # a standing probe is handed in for no attempt
                    found = Finding("submission_without_attempt", str(row.key), about)
                    self._awaited.setdefault(row.attempt_id.int, []).append((row.key, row.created_at, found))
                self._looked_at("submission_overdue", row.key, row.due_at)
                twice = row.state in LIVE and live.setdefault(row.attempt_id, row.key) != row.key
                if twice and self._share.number == 0:
                    detail = f"beside {live[row.attempt_id]}, of the attempt {row.attempt_id}"
                    self._add(Finding("two_live_submissions", str(row.key), detail))
            self._result.counts.submissions += len(page)
        async for kept in self._scan.attempts():
            for attempt in kept:
                found = Finding("attempt_without_job", str(attempt.attempt_id), "")
                waiting = attempt.attempt_id, attempt.created_at, found
                self._awaited.setdefault(attempt.attempt_id.int, []).append(waiting)
                self._looked_at("attempt_overdue", attempt.attempt_id, attempt.due_at)
            self._result.counts.attempts += len(kept)
        for gate in await self._scan.gates():
            longest = self._clock.now() + timedelta(seconds=self._bounds.grace_s + USUAL.open_s_max)
            if gate.open_until > longest and self._share.number == 0:
                self._add(Finding("breaker_stuck", gate.backend, f"until {gate.open_until.isoformat()}"))

    def _looked_at(self, check: str, subject: object, due_at: datetime | None) -> None:
        """Whoever looks, looks within a lease: nobody does where it was due so long ago."""
        late = self._clock.now() - timedelta(seconds=self._bounds.grace_s + LOOKED_AT_S)
        if due_at is not None and due_at < late and self._share.number == 0:
            self._add(Finding(check, str(subject), f"since {due_at.isoformat()}"))

    def _without_attempt(self, *, overdue: datetime) -> None:
        for key, _, found in (row for rows in self._awaited.values() for row in rows if row[1] < overdue):
            self._result.without_attempt[key] = found

    def _key(self, held: Reservation) -> None:
        fingerprint = self._fingerprints.get(held.stream_id)
        if fingerprint is not None and fingerprint != hash(held.fingerprint):
            self._add(
                Finding(
                    "key_of_another_job", str(held.stream_id), f"a key of {held.tenant} was taken for other content"
                )
            )

    async def _topics(
        self, topics: Topics, published: Published, questions: Questions, spans: dict[Place, Span]
    ) -> None:
        """The relay's topics and its dead letters, and the entrances."""
        counts, result = self._result.counts, self._result
        async for topic, some in topics.read(LOOKED_AT):
            if topic in GROUPS:
                questions.look_up(some)
            else:
                for finding in published.look_up(some):
                    self._add(finding)
        counts.replays, counts.questions = published.replays, questions.asked
        result.open_questions, result.refused = questions.open, questions.refused
        for missing in published.missing(spans, self._kept_since_s()):
            self._add(missing)

    def _kept_since_s(self) -> float:
        """Older records may be gone by retention, whatever the topics still hold."""
        retention_ms = min(channels.BY_TOPIC[topic].retention_ms for topic in RELAYED)
        return self._clock.now().timestamp() - retention_ms / 1000

    def _groups(self, committed: dict[str, dict[Place, int]], spans: dict[Place, Span]) -> None:
        """Committed was read before the ends: an honest offset is not beyond them."""
        for group, offsets in committed.items():
            for place, offset in offsets.items():
                span = spans.get(place)
                if span is None or offset < 0:
                    continue
                where = f"group {group} on {place.topic}/{place.partition}"
                if offset > span.end:
                    self._add(
                        Finding("offset_beyond_end", where, f"it stands at {offset}, the topic ends at {span.end}")
                    )
                elif offset < span.begin:
                    self._add(Finding("unread_gone", where, f"it stands at {offset}, the topic begins at {span.begin}"))
        self._result.counts.groups = len(committed)


def _topics() -> tuple[str, ...]:
    return tuple(dict.fromkeys((*RELAYED, *GROUPS, *(channel.topic for channel in channels.CHANNELS))))
