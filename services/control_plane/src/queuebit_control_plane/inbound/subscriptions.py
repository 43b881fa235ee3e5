"""What the control plane hears, and how it is told to the command handler."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.errors import ContractError, InvalidData
from queuebit_control_plane.errors import Contended
from queuebit_control_plane.handler import CommandHandler, InboundCommand, Undecidable, log_fields
from queuebit_control_plane.inbound.admission import UNKNOWN_TENANT, Intake, admitted_before, refuse
from queuebit_control_plane.inbound.aside import Aside, Place, names_its_tenant, place_of
from queuebit_control_plane.inbound.join_buffer import JoinBuffer, PendingMessage
from queuebit_control_plane.inbound.reading import Question, rejection_of
from queuebit_control_plane.inbound.superseding import Superseded, is_to_be_checked
from queuebit_control_plane.inbound.told import job_told, message_of
from queuebit_domain.holds.lanes import Lanes
from queuebit_problems.admission import QUICK_BYTES_MAX, is_quick
from queuebit_runtime.bus.dead_letters.burial import DeadLetters, hear_dead_letters
from queuebit_runtime.bus.dead_letters.letter import Origin
from queuebit_runtime.bus.dead_letters.sequences import StillOpen
from queuebit_runtime.bus.decoding import Item, Received, Refused, subscribe_open
from queuebit_runtime.bus.port import Bus, BusError, Delivery, Record, Subscription
from queuebit_runtime.clock import Clock
from queuebit_runtime.processes.bounded_work import LARGE_BYTES, BoundedWork
from queuebit_store.errors import StoreError, StoreUnavailable

log = logging.getLogger(__name__)

GROUP = "control-plane"
LARGE_GROUP = f"{GROUP}.large"
TOPICS = (
    channels.SUBMITTED,
    channels.ADMITTED,
    channels.EXECUTIONS,
    channels.VALIDATIONS,
    channels.CONTROL,
    channels.DECISIONS,
    channels.REPORTED,
)
BATCH_MAX = 200
"""Large enough to share a commit, small enough that batches do not wait for one another and stay in the cache."""
ENTRANCES = frozenset({channels.SUBMITTED, channels.ADMITTED})
LARGE_IN_FLIGHT_MAX = 2
"""How many large questions are held in memory; the others wait on their topic."""
OVERLAP = 2
"""One batch is read and decided while the one before it is being appended; the command handler keeps the order of each job."""


class Consumer:
    """Turns a batch of records, whatever their topics, into one visit to the command handler."""

    def __init__(
        self,
        bus: Bus,
        handler: CommandHandler,
        intake: Intake,
        lanes: Lanes,
        clock: Clock,
        work: BoundedWork,
        superseded: Superseded,
        *,
        patience_s: float = 0.5,
        held_max: int = 1000,
        retry_s: float = 1.0,
    ) -> None:
        """`work` admits what takes more than a moment; `superseded` looks for jobs whose place is taken. `patience_s` and
        `held_max`: see JoinBuffer. `retry_s`: the pause after
        what waited could not be decided on.
        """
        self._bus = bus
        self._handler = handler
        self._intake = intake
        self._lanes = lanes
        self._clock = clock
        self._retry_s = retry_s
        self._superseded = superseded
        self._join_buffer = JoinBuffer(patience_s=patience_s, held_max=held_max)
        self._flushing: asyncio.Task[None] | None = None
        self._letters = DeadLetters(bus, group=GROUP, consumer="control-plane", clock=clock)
        self._large_letters = DeadLetters(bus, group=LARGE_GROUP, consumer="control-plane", clock=clock)
        self._aside = Aside(bus, work, clock, tell=self._tell_aside, bury=self._bury_unread, retry_s=retry_s)

    def subscribe(self) -> None:
        """Register with the bus."""
        subscribe_open(
            self._bus,
            topics=TOPICS,
            group=GROUP,
            letters=self._letters,
            handle=self.on_messages,
            refusals=True,
            batch_max=BATCH_MAX,
            overlap=OVERLAP,
            first=self.on_records,
        )
        self._bus.subscribe(
            Subscription((channels.LARGE,), LARGE_GROUP, self.on_large, LARGE_IN_FLIGHT_MAX, LARGE_IN_FLIGHT_MAX)
        )
        hear_dead_letters(self._bus, [self._letters, self._large_letters], GROUP)

    async def on_records(self, delivery: Delivery) -> Sequence[Record]:
        """What of a delivery is to be read here. Large questions go on to their own topic unread, and what takes more than a
        moment is read where it is admitted: behind a flood of it nobody waits for more than a look at each.
        """
        gone: set[int] = set()
        for each in delivery.records:
            size_bytes = len(each.value or b"")
            if size_bytes <= QUICK_BYTES_MAX or each.topic not in ENTRANCES:
                continue
            if size_bytes > LARGE_BYTES:
                self._aside.pass_on(each, delivery)
            elif each.topic == channels.SUBMITTED and names_its_tenant(each):
                self._aside.offer(each, delivery)
            else:
                continue
            gone.add(id(each))
        return [each for each in delivery.records if id(each) not in gone] if gone else delivery.records

    async def on_large(self, delivery: Delivery) -> None:
        """Large questions, each in its turn."""
        for record in delivery.records:
            self._aside.offer(record, delivery)

    async def on_messages(self, items: Sequence[Item], delivery: Delivery) -> None:
        """Everything about jobs, in the order in which it came; but see JoinBuffer and Aside."""
        now = self._clock.now()
        self._lanes.look(now)
        slow = [item for item in _questions(items) if _takes_time(item)]
        if slow:
            self._aside.offer_all(slow, delivery)
            set_aside = {id(item) for item in slow}
            items = [item for item in items if id(item) not in set_aside]
        commands = await self._tell_all(items, now)
        ready = self._join_buffer.take(commands, delivery, self._clock.monotonic_s())
        try:
            await self._decide(ready)
        except BaseException:
            self._join_buffer.restore(ready, delivery, self._clock.monotonic_s())
            raise
        finally:
            self._flush_later()
        _say_done(commands, ready, delivery, self._aside.held_of(delivery.records))

    async def _tell_aside(self, items: Sequence[Question | Refused]) -> None:
        questions = [item for item in items if not isinstance(item, Refused)]
        commands = [_refused(item) for item in items if isinstance(item, Refused)]
        if questions:
            checked = await self._superseded.checked(questions)
            commands += await self._intake.admit(checked, self._clock.now())
        undecidable = await self._handler.handle(commands)
        if undecidable:
            await self._bury(undecidable)

    async def _tell_all(self, items: Sequence[Item], now: datetime) -> list[InboundCommand]:
        submitted = [Question(item) for item in _questions(items)]
        admitted = iter(await self._intake.admit(submitted, now) if submitted else ())
        commands: list[InboundCommand] = []
        for item in items:
            if isinstance(item, Refused):
                commands.append(_refused(item))
            elif submitted and type(item.envelope.data) is ev.JobSubmitted:
                commands.append(next(admitted))
            elif (message := message_of(item.envelope)) is not None:
                envelope = item.envelope
                commands.append(
                    InboundCommand(job_told(envelope), message, envelope.id, "", envelope.traceparent, item.record)
                )
        return commands

    async def _decide(self, ready: Sequence[PendingMessage]) -> None:
        if ready:
            undecidable = await self._handler.handle([each.command for each in ready])
            if undecidable:
                await self._bury(undecidable, _open_of(ready))

    def _flush_later(self) -> None:
        if len(self._join_buffer) and (self._flushing is None or self._flushing.done()):
            self._flushing = asyncio.ensure_future(self._flush())

    async def _flush(self) -> None:
        """Decide on what has waited long enough, until nothing waits."""
        while (wait_s := self._join_buffer.wait_s(self._clock.monotonic_s())) is not None:
            await self._clock.sleep(wait_s)
            ready = self._join_buffer.due(self._clock.monotonic_s())
            try:
                await self._decide(ready)
            except (StoreUnavailable, Contended, BusError) as error:
                log.warning("executions without a verdict wait on: %s", error)
                self._join_buffer.restore(ready, None, self._clock.monotonic_s())
                await self._clock.sleep(self._retry_s)
            else:
                _close(ready)

    async def _bury_unread(self, record: Record, error: ContractError) -> None:
        log.warning("a large record cannot be read: %s", error.code)
        letters = self._letters if record.topic in TOPICS else self._large_letters
        await letters.bury([letters.fail(record, error)])

    async def _bury(self, undecidable: Sequence[Undecidable], still_open: StillOpen | None = None) -> None:
        """Set aside what cannot be decided on: in the dead letters, with the reason, for a person."""
        for each in undecidable:
            log.error("a message cannot be decided on", exc_info=each.error, extra=log_fields(each.command))
        await self._letters.bury(
            [
                self._letters.fail(each.command.record, _reason_of(each), each.error, ours=True)
                for each in undecidable
                if each.command.record is not None
            ],
            still_open,
        )


def _say_done(
    commands: Sequence[InboundCommand], ready: Sequence[PendingMessage], delivery: Delivery, aside: set[Place]
) -> None:
    """All of the delivery but what was left to wait or set aside, and what of earlier ones waited until now.

    What was left to wait is done when it is decided on, which may have begun since, and may yet fail.
    """
    decided = {id(each.command) for each in ready if each.delivery is delivery}
    if len(decided) == len(commands) and not aside:
        delivery.done_all()
    else:
        waiting = aside | {
            place_of(each.record) for each in commands if id(each) not in decided and each.record is not None
        }
        for record in delivery.records:
            if place_of(record) not in waiting:
                delivery.done(record)
    _close(each for each in ready if each.delivery is not delivery)


def _open_of(ready: Sequence[PendingMessage]) -> StillOpen:
    found = [(each.delivery, each.command.record) for each in ready if each.command.record is not None]

    def still_open(origin: Origin) -> bool:
        return any(
            (record.topic, record.partition, record.offset) == origin and delivery.wanted(record)
            for delivery, record in found
        )

    return still_open


def _close(decided: Iterable[PendingMessage]) -> None:
    for each in decided:
        if each.command.record is not None:
            each.delivery.done(each.command.record)


def _reason_of(undecidable: Undecidable) -> InvalidData:
    """The reason without what a message of an error may quote; the store's own words quote nothing."""
    error = undecidable.error
    reason = f"{type(error).__name__}: {error.detail}" if isinstance(error, StoreError) else f"{type(error).__name__}."
    return InvalidData(
        f"The control plane cannot decide on this message about job {undecidable.command.job_id}: {reason}",
        remedy="See the control plane's log; redrive the message once the cause is mended.",
    )


def _takes_time(item: Received) -> bool:
    """Whether it is a question to admit, and admitting it may take more than a moment."""
    asked = item.envelope.data
    if not isinstance(asked, ev.JobSubmitted) or admitted_before(item) is not None:
        return False
    if asked.supersedes is not None and is_to_be_checked(item):
        return True
    return not is_quick(asked.request, len(item.record.value or b""))


def _questions(items: Sequence[Item]) -> list[Received]:
    """Those that ask for a job. Of answers, which are most, it is seen without a call."""
    return [item for item in items if type(item) is Received and type(item.envelope.data) is ev.JobSubmitted]


def _refused(item: Refused) -> InboundCommand:
    rejection = rejection_of(item.id, item.error)
    return refuse(item, rejection, item.tenant or UNKNOWN_TENANT, item.record)
