"""Setting aside what a group cannot take: record by record, in the order of each key, and never a whole topic."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from uuid import UUID

from queuebit_contracts.channels import BY_TOPIC, DAY_MS, Service, dead_letter
from queuebit_contracts.errors import ContractError
from queuebit_runtime.bus.dead_letters import headers as h
from queuebit_runtime.bus.dead_letters.fingerprint import fingerprint_of
from queuebit_runtime.bus.dead_letters.letter import Origin, cut, dead_letter_of, origin_of, parked
from queuebit_runtime.bus.dead_letters.open_letters import KEPT_EVERY, KEPT_EVERY_MAX, OF_OPEN, READ_LAST, parts_of
from queuebit_runtime.bus.dead_letters.outage import OutageLimit, OutageWatch, from_outside
from queuebit_runtime.bus.dead_letters.sequences import Sequences, StillOpen
from queuebit_runtime.bus.port import Bus, BusError, Delivery, Outgoing, Record, Subscription
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import ManyFailAlike, RecordTooLarge
from queuebit_runtime.service.readiness import Reason

COPIED_HERE_BYTES_MAX = 256 * 1024
"""Packing more than that would hold the event loop."""
LETTERS_KEPT_MS = 30 * DAY_MS

_log = logging.getLogger(__name__)


class DeadLetters:
    """The dead letters of one group in one process. `limit`: when it is an outage."""

    def __init__(
        self, bus: Bus, *, group: str, consumer: Service, clock: Clock, limit: OutageLimit | None = None
    ) -> None:
        self.group = group
        self.total = 0
        """How many records were set aside here."""
        self._bus = bus
        self._consumer = consumer
        self._clock = clock
        self._sequences = Sequences()
        self._watch = OutageWatch(limit)
        self._failed: dict[tuple[str, int, int], str] = {}
        self._known = asyncio.Event()
        self._tries = 0
        self.held_by: str | None = None
        """The fingerprint of the failures that the group pauses over."""

    @property
    def topic(self) -> str:
        return dead_letter(self.group)

    @property
    def open(self) -> int:
        """How many are open on topics whose records follow one another."""
        return self._sequences.heard.count

    def hear(self, record: Record) -> None:
        """A record of the topic of dead letters."""
        self._sequences.hear(record)

    def settle_start(self, *, cut: bool) -> bool:
        """All was heard that was there at the start, or with `cut` the last of it; whether that tells what waits. It is asked
        after each of the `READ_LAST` that was heard.
        """
        self._tries += 1
        channel = BY_TOPIC.get(self.topic)
        kept_ms = LETTERS_KEPT_MS if channel is None else channel.retention_ms
        since_day = int(self._clock.now().timestamp() * 1000 - kept_ms) // DAY_MS
        return self._sequences.settle_start(cut=cut, all_next=self._tries == len(READ_LAST), since_day=since_day)

    def known(self) -> None:
        """Everything was heard that was there at the start."""
        self._known.set()

    async def keep(self) -> None:
        """Where the topic tells of much since the last copy of what is open, write another: those who start read from there on.
        Whoever sets records aside does so first. A copy that cannot be written is written later.
        """
        heard = self._sequences.heard
        every = max(KEPT_EVERY, min(heard.count // OF_OPEN, KEPT_EVERY_MAX)) * (1 if self.total else 2)
        if not self._known.is_set() or heard.since_copy < every:
            return
        copy, at = heard.copied(), heard.heard_until
        large = len(copy) > COPIED_HERE_BYTES_MAX
        parts = await asyncio.to_thread(parts_of, copy, at, self.topic) if large else parts_of(copy, at, self.topic)
        try:
            await self._bus.publish(parts)
            heard.since_copy = 0
        except BusError as error:
            _log.warning("What is open of the dead letters of %s could not be kept: %s", self.group, error)

    async def wait_known(self) -> None:
        """Nothing may be taken before it is known what waits behind what."""
        await self._known.wait()

    def read(self, records: Sequence[Record]) -> None:
        """These were read together, or failed; none of them waits."""
        failed, self._failed = self._failed, {}
        if failed or self._watch.looks:
            self._watch.note(records, failed, self._clock.monotonic_s())

    @property
    def some_wait(self) -> bool:
        """Whether anything may have to wait."""
        return self._sequences.some

    def waits(self, record: Record) -> Outgoing | None:
        """The dead letter of a record that has to wait behind another; None for one that may be taken."""
        behind = self._sequences.waits_behind(record)
        if behind is None:
            return None
        self._fail(record)
        return parked(record, behind, self._consumer, self.group, self._clock.now())

    def fail(
        self, record: Record, error: ContractError, cause: BaseException | None = None, *, ours: bool = False
    ) -> Outgoing:
        """The dead letter of a record that cannot be taken. Whatever follows it waits from now on. `ours`: it was read, and we
        fail over it.
        """
        if ours or not from_outside(record.topic):
            self._failed[record.topic, record.partition, record.offset] = fingerprint_of(cause or error).id
        if ours:
            self.read([record])
        self._fail(record)
        return dead_letter_of(record, error, self._consumer, self.group, self._clock.now(), cause=cause)

    async def bury(self, letters: Sequence[Outgoing], still_open: StillOpen | None = None) -> None:
        """Publish them. Raises ManyFailAlike, and sets nothing aside, where so many jobs fail alike that it is no poison; and
        BusError. The caller tries the records again after a pause, which is what pausing means. Where others are handled
        meanwhile, `still_open` says how long what follows has to wait for that.
        """
        try:
            self.check()
            if letters:
                await self._publish(letters)
        except BaseException:
            for letter in letters:
                self._sequences.not_there(letter, still_open)
            raise
        self.total += len(letters)
        for letter in letters:
            said = dict(letter.headers)
            _log.warning("Poison at %s: %s", origin_of(said), said[h.CODE].decode(), extra=_named(said))

    async def _publish(self, letters: Sequence[Outgoing]) -> None:
        try:
            await self._bus.publish(letters)
        except RecordTooLarge:
            if len(letters) == 1:
                await self._bus.publish([cut(letters[0])])
                return
            for letter in letters:
                await self._publish([letter])

    def check(self) -> None:
        """Raises ManyFailAlike, as `bury` does."""
        outage = self._watch.outage(self._sequences.heard.accepted, self._clock.monotonic_s())
        if outage is None:
            if self.held_by is not None:
                self.held_by = None
                self._bus.hold(self.group, None)
                _log.info("Group %s goes on: jobs fail alike no more, or it was accepted.", self.group)
            return
        error = ManyFailAlike(self.group, outage.topic, outage.fingerprint, outage.jobs)
        if self.held_by is None:
            self.held_by = outage.fingerprint
            _log.error("%s %s", error, error.remedy)
        about: dict[str, str | int | float] = {
            "group": self.group,
            "topic": outage.topic,
            "fingerprint": outage.fingerprint,
            "jobs": outage.jobs,
        }
        self._bus.hold(self.group, Reason("many_fail_alike", f"{error} {error.remedy}", about))
        raise error

    def _fail(self, record: Record) -> None:
        self._sequences.fail(Origin(record.topic, record.partition, record.offset), record)


def hear_dead_letters(bus: Bus, all_of: Sequence[DeadLetters], group: str) -> None:
    """Let each hear its topic, from the last copy of what is open, or from its beginning: every process does. `group` names the
    reader in logs.
    """
    by_topic = {letters.topic: letters for letters in all_of}

    async def on_delivery(delivery: Delivery) -> None:
        for record in delivery.records:
            by_topic[record.topic].hear(record)
        delivery.done_all()
        for letters in all_of:
            await letters.keep()

    def further(cut: Collection[str]) -> Collection[str]:
        return [each.topic for each in all_of if not each.settle_start(cut=each.topic in cut)]

    def caught_up() -> None:
        for letters in all_of:
            letters.known()

    bus.subscribe(
        Subscription(
            topics=tuple(by_topic),
            group=f"{group}.dead-letters",
            handler=on_delivery,
            broadcast=True,
            from_start=True,
            from_last=READ_LAST,
            further=further,
            caught_up=caught_up,
        )
    )


def _named(said: dict[str, bytes]) -> dict[str, str]:
    """The job that the record names, where the name is an id: nothing else from outside gets into a log line."""
    try:
        return {"job_id": str(UUID(said.get("ce_subject", b"").decode("ascii")))}
    except ValueError:
        return {}
