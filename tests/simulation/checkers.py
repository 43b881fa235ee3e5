"""The invariants, as pure functions from a history to what is wrong with it. Numbers as in the research: I1 to I15."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.data import Data
from queuebit_contracts.envelope import decode
from queuebit_contracts.facts import Happened, read_fact
from queuebit_contracts.failures import FAILURES, FailureCode
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import TERMINAL_NAMES
from queuebit_contracts.operators import HoldEased, HoldReleased
from queuebit_contracts.registry import REGISTRY
from queuebit_contracts.streams import JOB, REFUSAL
from queuebit_control_plane.heads import head_of
from queuebit_control_plane.relay.relay import records_of
from queuebit_domain.errors import CorruptStream
from queuebit_domain.holds.register import REGISTER_ID
from queuebit_domain.job.codec import fold, read_event
from queuebit_domain.job.sagas import ACTOR as BY_ITSELF
from queuebit_domain.job.state import EndedJob
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_problems.registry import optimisation_of
from queuebit_runtime.bus.dead_letters.headers import MARK, OF_A_LETTER, PLACE
from queuebit_runtime.bus.port import Record
from queuebit_store.memory_state.database import log_key
from queuebit_store.ports import Position, StoredEvent, StreamRow
from tests.simulation.asked import asks_answered, nothing_invented
from tests.simulation.history import GROUPS, History
from tests.simulation.poison import READERS, mark_of
from tests.simulation.policies import beyond_the_end
from tests.simulation.sagas import undone_once

LOST = frozenset(FAILURES[code].meaning for code in (FailureCode.WORKER_LOST, FailureCode.VALIDATION_LOST))
UPSTREAM_TYPES = frozenset({b"io.queuebit.JobSubmitted.v1", b"io.queuebit.CancelJob.v1"})


FAIR_MIN = 9
"""Of fewer questions all may have been withdrawn, or have had no time: of those the whole of all seeds tells."""


def check(history: History) -> list[str]:
    """Everything that is wrong; empty where all holds."""
    return [
        f"{checker.__name__}: {wrong}"
        for checker in (
            drained,
            no_errors,
            asks_answered,
            nothing_invented,
            stories_make_sense,
            heads_are_folds,
            projections_are_folds,
            attempts_make_sense,
            held_until_lifted,
            nothing_given_up_as_lost,
            nothing_begun_in_vain,
            answers_are_right,
            committed_is_published,
            first_seen_in_order,
            nothing_committed_too_far,
            fenced_write_nothing,
            poison_set_aside,
            tenants_apart,
            undone_once,
            not_vacuous,
        )
        for wrong in checker(history)
    ]


def drained(history: History) -> Iterator[str]:
    """I13: once the faults are over, everything is done within a bounded time. I8: and every offset is committed."""
    yield from history.unfinished


def no_errors(history: History) -> Iterator[str]:
    """No service met what it does not expect."""
    yield from history.errors


def stories_make_sense(history: History) -> Iterator[str]:
    """I2: versions from 1 without a gap, one terminal event, behind it only what legs bring that go on, legal transitions."""
    for stream_id, stored in history.stories().items():
        names = [event.type for event in stored]
        if [event.version for event in stored] != list(range(1, len(stored) + 1)):
            yield f"{stream_id} has the versions {[event.version for event in stored]}"
            continue
        ends = [place for place, name in enumerate(names) if name in TERMINAL_NAMES]
        if len(ends) != 1 or set(names[ends[0] + 1 :]) - beyond_the_end(stored):
            yield f"{stream_id} does not end exactly once: {names}"
        try:
            ended = isinstance(fold(stored), EndedJob)
        except CorruptStream as error:
            yield f"{stream_id} makes no sense: {error}"
        else:
            if not ended:
                yield f"{stream_id} has not ended: {names}"
    counted = Counter(event.id for event in history.events())
    yield from (f"the event id {found} stands {count} times" for found, count in counted.items() if count > 1)


def heads_are_folds(history: History) -> Iterator[str]:
    """I7: what the store keeps beside the events is what folding them gives."""
    database = history.database
    for stream_id, stored in history.stories().items():
        try:
            job = fold(stored)
        except CorruptStream:
            continue
        row = database.streams[stream_id]
        category = REFUSAL if stored[0].type == ev.JobRejected.__name__ else JOB
        expected = StreamRow(
            stream_id, stored[0].tenant, len(stored), head_of(job), stored[0].time, stored[-1].time, category
        )
        if row != expected:
            yield f"{stream_id} has the head {row}, its events give {expected}"
    if database.timers:
        yield f"{len(database.timers)} timers are left"


def projections_are_folds(history: History) -> Iterator[str]:
    """I7: the rows of each projection are what folding the events that it has read gives, each of them once; and none stands
    still. How much they read is told of all seeds.
    """
    database = history.database
    folds = {each.name: each for each in PROJECTIONS}
    for build in database.builds.values():
        projection, rows = folds[build.name], dict[Any, Any]()
        if build.failure is not None:
            yield f"the projection {build.build} stands still: {build.failure.error}"
        for event in sorted(history.events(), key=lambda event: event.position):
            if event.type not in projection.types or event.position > build.cursor:
                continue
            fact = read_fact(event.type, event.schema_version, event.data)
            happened = Happened(event.stream_id, event.version, event.tenant, event.time, event.type, fact)
            for key, row in projection.apply(rows, happened).items():
                rows.pop(key, None)
                rows.update({} if row is None else {key: row})
        if rows != database.projected[build.build]:
            yield f"the projection {build.build} is not the fold over what it has read"


def attempts_make_sense(history: History) -> Iterator[str]:
    """I5, I12: attempts of a leg are numbered from 1, and each is answered and judged at most once."""
    for stream_id, stored in history.stories().items():
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        told: Counter[tuple[UUID, str]] = Counter()
        for event in map(read_event, stored):
            if isinstance(event, ev.JobQueued):
                numbers[event.leg].append(event.number)
                if event.attempt_id != attempt_id_of(stream_id, event.leg, event.number):
                    yield f"{stream_id} has a foreign attempt {event.attempt_id}"
            elif isinstance(event, ev.ExecutionSucceeded | ev.ExecutionFailed):
                told[event.attempt_id, "execution"] += 1
            elif isinstance(event, ev.ResultValidated | ev.ResultRejected | ev.JobStarted):
                told[event.attempt_id, type(event).__name__] += 1
        for leg, found in numbers.items():
            if found != list(range(1, len(found) + 1)):
                yield f"{stream_id} tried {leg} as {found}"
        failed_after = {event.attempt_id for event in map(read_event, stored) if isinstance(event, ev.ExecutionFailed)}
        for (attempt_id, what), count in told.items():
            if count > 1 and not (what == "execution" and attempt_id in failed_after and count == 2):
                yield f"{stream_id} has {count} times {what} of the attempt {attempt_id}"


def held_until_lifted(history: History) -> Iterator[str]:
    """What an operator holds back goes on only when that hold is lifted or eased, and nothing is held behind no hold."""
    lifted: defaultdict[int, list[Position]] = defaultdict(list)
    register = history.database.events.get(REGISTER_ID, [])
    placed = {stored.version for stored in register if stored.type == "HoldPlaced"}
    for stored in register:
        event = REGISTRY.read_stored(stored.type, stored.schema_version, stored.data)
        if isinstance(event, HoldReleased | HoldEased):
            lifted[event.hold].append(stored.position)
    for stream_id, story in history.stories().items():
        behind: dict[str, int] = {}
        for stored in story:
            event = read_event(stored)
            if isinstance(event, ev.JobHeld):
                behind[event.leg] = event.hold
                if event.hold not in placed:
                    yield f"{stream_id} is held behind {event.hold}, which nobody placed"
            elif isinstance(event, ev.JobQueued):
                hold = behind.pop(event.leg, None)
                if hold is not None and not any(position < stored.position for position in lifted[hold]):
                    yield f"{stream_id} let {event.leg} go on, and hold {hold} was not lifted"


def nothing_begun_in_vain(history: History) -> Iterator[str]:
    """No worker begins or does what had been abandoned before it started."""
    commands, executions = (history.broker.log(topic) for topic in (channels.CONTROL, channels.EXECUTIONS))
    for start in history.starts:
        service, _, number = start.member.partition("/")
        worker = {"classical-solver": "solver", "quantum-adapter": "adapter"}.get(service, "none") + number
        told = _data(each for log, end in zip(commands, start.commands, strict=True) for each in log[:end])
        abandoned = {each.attempt_id for each in told if isinstance(each, ev.AttemptAbandoned)}
        for each in _data(each for log, end in zip(executions, start.executions, strict=True) for each in log[end:]):
            if not isinstance(each, ev.JobStarted | ev.ExecutionSucceeded) or each.worker != worker:
                continue
            if each.attempt_id in abandoned:
                yield f"{start.member} did {type(each).__name__} of {each.attempt_id}, which was abandoned before"


def _data(records: Iterable[Record]) -> Iterator[Data]:
    """What can be read."""
    for record in records:
        if mark_of(record) is None:
            yield decode(record.headers, record.value).data


def nothing_given_up_as_lost(history: History) -> Iterator[str]:
    """Nothing is lost on the way, so that no attempt needs the backstop against lost ones."""
    for stored in history.events():
        if stored.type == "ExecutionFailed":
            event = read_event(stored)
            assert isinstance(event, ev.ExecutionFailed)
            if event.detail in LOST:
                yield f"{stored.stream_id} gave up an attempt of {event.leg}: {event.detail}"


def answers_are_right(history: History) -> Iterator[str]:
    """A completed job's answer is feasible, its objective is the problem's own, and a proved optimum is one."""
    for stream_id, stored in history.stories().items():
        ends = [event for event in map(read_event, stored) if isinstance(event, ev.JobCompleted)]
        begins = [event for event in map(read_event, stored) if isinstance(event, ev.JobSubmitted)]
        for event in ends:
            problem = begins[0].request.problem
            kind = optimisation_of(problem.kind)
            statement = kind.parse(problem.statement)
            if kind.answer_errors(statement, event.answer) or kind.violations(statement, event.answer):
                yield f"{stream_id} completed with an infeasible answer"
            elif kind.objective(statement, event.answer) != event.objective:
                yield f"{stream_id} completed with a wrong objective {event.objective}"
            best = kind.enumerated(statement) if event.proven_optimal else None
            if best is not None and best.objective != event.objective:
                yield f"{stream_id} calls {event.objective} optimal, but {best.objective} is"


def committed_is_published(history: History) -> Iterator[str]:
    """I3: every committed event is where it belongs at least once, and nothing there that is not committed, byte for byte."""
    expected = {
        (out.topic, event.id): (event, out.value, tuple(out.headers))
        for event in history.events()
        for out in records_of([event], event.time)
    }
    topics = {
        channel.topic
        for channel in channels.CHANNELS
        if channel.writers == ("control-plane",) and not channels.is_dead_letter(channel.topic)
    }
    seen: set[tuple[str, UUID]] = set()
    for record in history.records():
        if record.topic not in topics | {channels.CONTROL, channels.DECISIONS} or mark_of(record) is not None:
            continue
        headers = dict(record.headers)
        if headers["ce_type"] in UPSTREAM_TYPES and record.topic == channels.CONTROL:
            continue
        place = (record.topic, UUID(headers["ce_id"].decode()))
        seen.add(place)
        if place not in expected:
            yield f"{place} is published and not committed"
        elif expected[place][1:] != (record.value, record.headers):
            yield f"{place} is published with other content than committed"
    yield from (f"{place} is committed and not published" for place in expected if place not in seen)


def first_seen_in_order(history: History) -> Iterator[str]:
    """I4: whoever reads a topic and forgets repeats sees the events of a job in the order of their versions."""
    for channel in channels.CHANNELS:
        if "control-plane" not in channel.writers or channels.is_dead_letter(channel.topic):
            continue
        for partition in history.broker.log(channel.topic):
            for job, versions in _first_seen(partition).items():
                whole = channel.topic == channels.LIFECYCLE
                if versions != (list(range(1, len(versions) + 1)) if whole else sorted(versions)):
                    yield f"{channel.topic} shows the events of {job!r} as {versions}"


def _first_seen(partition: list[Record]) -> dict[bytes, list[int]]:
    found: defaultdict[bytes, dict[int, None]] = defaultdict(dict)
    for record in partition:
        headers = dict(record.headers)
        if "ce_streamversion" in headers and mark_of(record) is None:
            found[headers["ce_subject"]][int(headers["ce_streamversion"])] = None
    return {job: list(versions) for job, versions in found.items()}


def nothing_committed_too_far(history: History) -> Iterator[str]:
    """I8: no group has committed what is not there."""
    for group, topic in GROUPS:
        for partition, log in enumerate(history.broker.log(topic)):
            if history.broker.committed(group, topic, partition) != len(log):
                yield f"{group} stands at {history.broker.committed(group, topic, partition)} of {len(log)} on {topic}"


def fenced_write_nothing(history: History) -> Iterator[str]:
    """I9: who has given a partition away commits nothing of it, and who has lost the lead moves no cursor back."""
    for group in dict.fromkeys(group for group, _ in GROUPS):
        for (topic, partition), offset in history.broker.group(group).refused:
            yield f"{group} was to commit {offset} of {topic}/{partition} by who had given it away"
    last: dict[str, Position] = {}
    for name, position in history.cursors.saved:
        if name in last and log_key(position) < log_key(last[name]):
            yield f"the cursor {name} went back from {last[name]} to {position}"
        last[name] = position


def poison_set_aside(history: History) -> Iterator[str]:
    """I10: each unreadable record, and what follows it of its key, is with the dead letters of everyone who must read it, and
    nothing else is.
    """
    letters: set[tuple[str, str, str, str]] = set()
    for channel in channels.CHANNELS:
        if not channel.readers or not channels.is_dead_letter(channel.topic):
            continue
        (consumer,) = channel.readers
        for letter in history.broker.records(channel.topic):
            if any(name == MARK for name, _ in letter.headers):
                continue
            headers = {name: value for name, value in letter.headers if name in OF_A_LETTER}
            if mark_of(letter) is None:
                yield f"{consumer} set aside what can be read: {headers}"
            topic, partition, offset = (headers[name].decode() for name in PLACE)
            letters.add((consumer, topic, partition, offset))
    for record in history.records():
        if mark_of(record) is not None and record.topic in READERS:
            for consumer in READERS[record.topic]:
                if (consumer, record.topic, str(record.partition), str(record.offset)) not in letters:
                    yield f"{consumer} did not set aside {mark_of(record)} of {record.topic}"


def tenants_apart(history: History) -> Iterator[str]:
    """I14: an event and its records belong to the tenant of the request, and strangers see and cancel nothing."""
    yield from history.leaks
    for stream_id, stored in history.stories().items():
        yield from _of_one_tenant(history, stream_id, stored)


def _of_one_tenant(history: History, stream_id: UUID, stored: list[StoredEvent]) -> Iterator[str]:
    tenant = history.database.streams[stream_id].tenant
    for event in stored:
        data = read_event(event)
        if event.tenant != tenant or (isinstance(data, ev.JobSubmitted) and data.request.tenant != tenant):
            yield f"{stream_id} of {tenant} holds an event of {event.tenant}"
        if isinstance(data, ev.JobCancelled) and data.actor not in (tenant, *_keys_of(history, tenant), BY_ITSELF):
            yield f"{stream_id} of {tenant} was cancelled by {data.actor}"


def _keys_of(history: History, tenant: str) -> list[str]:
    return [f"key:{row.key_id}" for row in history.database.api_keys.values() if row.tenant == tenant]


def not_vacuous(history: History) -> Iterator[str]:
    """I15: many fair questions were answered, where there were enough to say so, and every planned fault happened."""
    states = Counter(row.head.state for row in history.jobs().values())
    fair = sum(ask.fair for ask in history.plan.asks)
    if fair >= FAIR_MIN and states["completed"] < fair // 3:
        yield f"only {states['completed']} jobs were completed of {fair}"
    planned = Counter(fault.name for fault in history.faults)
    yield from (f"{name} happened {history.fired[name]} times, not {count}"
                for name, count in planned.items() if history.fired[name] != count)  # fmt: skip
