"""What was left behind by a simulation: everything stored, everything published, every answer over HTTP, every fault."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from queuebit_contracts import channels
from queuebit_contracts.ids import asked_job_id_of, asked_key_of, job_id_of, refusal_id_of, time_ordered_key
from queuebit_contracts.jobs import TIERS
from queuebit_contracts.streams import PUBLISHED
from queuebit_control_plane.inbound.admission import UNKNOWN_TENANT
from queuebit_gateway.read_model.watching import refusal_stream
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.port import Record
from queuebit_store.memory import MemoryDatabase
from queuebit_store.ports import Position, StoredEvent, StreamRow
from tests.simulation.faults import Fault
from tests.simulation.plan import Ask, Plan

GROUPS: tuple[tuple[str, str], ...] = (
    ("control-plane", channels.SUBMITTED),
    ("control-plane", channels.ADMITTED),
    ("control-plane", channels.EXECUTIONS),
    ("control-plane", channels.VALIDATIONS),
    ("control-plane", channels.CONTROL),
    ("control-plane", channels.DECISIONS),
    ("result-validation", channels.EXECUTIONS),
    *((f"quantum-adapter.{tier}", channels.queued("quantum", tier)) for tier in TIERS),
    *((f"classical-solver.{tier}", channels.queued("classical", tier)) for tier in TIERS),
)
"""Every group and topic whose offsets are committed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The final answer to an ask over HTTP: its status, the problem's code, the job."""

    ask: Ask
    status: int
    code: str
    job_id: UUID | None


@dataclass(frozen=True, slots=True)
class Start:
    """A member starts: what of these two topics was there before, by partition."""

    member: str
    commands: tuple[int, ...]
    executions: tuple[int, ...]


class KeptCursors(dict[str, Position]):
    """The cursors of the ordered readers, and every place at which each ever stood."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: list[tuple[str, Position]] = []

    def __setitem__(self, name: str, position: Position) -> None:
        self.saved.append((name, position))
        super().__setitem__(name, position)


@dataclass(slots=True)
class History:
    """The whole of one run."""

    seed: int
    plan: Plan
    faults: tuple[Fault, ...]
    database: MemoryDatabase
    broker: MemoryBroker
    fired: Counter[str] = field(default_factory=Counter)
    replies: list[Reply] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unfinished: tuple[str, ...] = ()
    starts: list[Start] = field(default_factory=list)
    cursors: KeptCursors = field(default_factory=KeptCursors)
    took_s: float = 0.0

    def jobs(self) -> dict[UUID, StreamRow]:
        """The heads of all jobs and refusals: what operators keep beside them is left out."""
        return {stream_id: row for stream_id, row in self.database.streams.items() if row.category in PUBLISHED}

    def stories(self) -> dict[UUID, list[StoredEvent]]:
        """The events of each of them."""
        return {stream_id: self.database.events[stream_id] for stream_id in self.jobs()}

    def events(self) -> list[StoredEvent]:
        """Every stored event of a job, stream after stream."""
        return [event for stored in self.stories().values() for event in stored]

    def records(self) -> list[Record]:
        """Every record of every topic."""
        return [record for channel in channels.CHANNELS for record in self.broker.records(channel.topic)]

    def job_of(self, ask: Ask) -> UUID | None:
        """The job that the key of the ask stands for; None where nobody holds the key."""
        if ask.key is None and ask.event_id.version == 7:
            return asked_job_id_of(ask.tenant, ask.source, ask.event_id)
        key = ask.key or asked_key_of(ask.source, ask.event_id)
        ordered = time_ordered_key(key)
        if ordered is not None:
            return job_id_of(ask.tenant, ordered)
        held = self.database.reservations.get((ask.tenant, key))
        return held.stream_id if held else None

    def refusal_of(self, ask: Ask) -> UUID | None:
        """The stream in which this very ask is refused, if it is."""
        if ask.entrance == "kafka":
            tenant = UNKNOWN_TENANT if ask.unreadable else ask.tenant
            return refusal_id_of(tenant, ask.source, ask.event_id)
        job_id = self.job_of(ask)
        return refusal_stream(ask.tenant, job_id) if job_id else None

    def digest(self) -> str:
        """The same where the same happened, byte for byte."""
        found = hashlib.sha256()
        for each in (*self.events(), *self.database.streams.values(), *self.records(), *self.replies):
            found.update(repr(each).encode())
        found.update(repr((sorted(self.fired.items()), self.took_s)).encode())
        return found.hexdigest()
