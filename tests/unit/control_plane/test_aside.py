"""Large and complex questions are set aside: admitted where they can be ended, in turns by tenant, and once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from queuebit_contracts import channels
from queuebit_contracts.envelope import decode
from queuebit_contracts.events import Admission, ProblemSize
from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_contracts.statement_text import statement_of
from queuebit_control_plane.inbound.aside import Aside
from queuebit_problems.admission import QUICK_BYTES_MAX, admit
from queuebit_problems.kind import Kind
from queuebit_runtime.bus.decoding import Received, read
from queuebit_runtime.bus.port import Outgoing, Record
from queuebit_runtime.errors import PoolError, PoolExhausted, PoolMemory
from queuebit_runtime.processes.bounded_work import LARGE_BYTES
from queuebit_store.errors import SchemaMismatch
from tests.unit.control_plane.aside_plane import Plane, a_plane, a_ring, asked

LARGE_EDGES = 8000
CIRCUIT = "OPENQASM 3.0; qubit[1] q; bit[1] c; c = measure q;"
LONG_CIRCUIT = CIRCUIT + " " * QUICK_BYTES_MAX


@pytest.fixture
async def plane() -> AsyncIterator[Plane]:
    async with a_plane() as plane:
        yield plane


class ADelivery:
    """Records, those of them that are not done, and whether they were given away."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.open = {record.offset for record in records}
        self.given_away = False

    def done(self, record: Record) -> None:
        if not self.given_away:
            self.open.discard(record.offset)

    def done_all(self) -> None:
        for record in self.records:
            self.done(record)

    def wanted(self, record: Record) -> bool:
        return not self.given_away and record.offset in self.open


def _received(question: Outgoing, offset: int) -> Received:
    record = Record(question.topic, 0, offset, question.key, question.value, tuple(question.headers))
    item = read(record, refusals=False, replays=False)
    assert isinstance(item, Received)
    return item


def admitted(number: int, problem: Problem, topic: str) -> Outgoing:
    """The same as the gateway sends it."""
    found = admit(JobRequest(tenant="acme", problem=problem, lane="classical"))
    return asked(number, topic=topic, request=found.request, fingerprint=found.fingerprint, admission=found.admission)


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was parsed, by kind."""
    seen: list[str] = []
    parse = Kind.parse

    def counted(self: Kind[Any], data: Any) -> Any:
        seen.append(self.name)
        return parse(self, data)

    monkeypatch.setattr(Kind, "parse", counted)
    return seen


async def test_small_questions_of_others_are_decided_before_any_large_one(plane: Plane) -> None:
    large = [asked(number, problem=a_ring(LARGE_EDGES)) for number in range(30)]
    assert all(len(each.value) > LARGE_BYTES for each in large)

    await plane.send(*large[:15], *[asked(number, "globex") for number in range(20)], *large[15:])
    await plane.quiet()

    assert (plane.jobs("globex"), plane.jobs("acme")) == (20, 0)
    assert len(plane.broker.records(channels.LARGE)) == 30
    assert len(plane.pool.subjects) == 1
    assert plane.work.large_turns.bytes_held <= 12 * max(len(each.value) for each in large)
    plane.pool.open()
    await plane.until(lambda: plane.jobs("acme") == 30)
    await plane.quiet(channels.LARGE, "control-plane.large")


async def test_a_large_question_is_admitted_once_and_its_order_says_how_large_it_is(
    plane: Plane, parses: list[str]
) -> None:
    plane.pool.open()
    problem = a_ring(LARGE_EDGES)

    await plane.send(asked(1, problem=problem))
    await plane.until(lambda: plane.jobs("acme") == 1)

    (events,) = plane.store.database.events.values()
    assert parses == ["maxcut"]
    assert [event.type for event in events] == ["JobSubmitted", "JobPlanned", "JobQueued"]
    submitted, _, queued = (orjson.loads(event.data) for event in events)
    normal = statement_of(admit(JobRequest(tenant="acme", problem=problem)).request.problem.statement)
    assert submitted["request"]["problem"]["statement"] == normal
    assert queued["problem"] == submitted["request"]["problem"]
    assert queued["size"] == {"variables": LARGE_EDGES, "qubits": LARGE_EDGES, "terms": LARGE_EDGES}
    assert queued["fingerprint"] == submitted["admission"]["problem_fingerprint"]
    apart = plane.store.database.bare.values()
    assert [event.type for event in apart] == ["JobSubmitted", "JobQueued"]
    assert len({event.payload_hash for event in apart}) == 1, "both hold one text, stored once"
    assert max(len(event.data) for event in apart) < 2000


@pytest.mark.parametrize(
    ("nodes", "topic"), [(6, channels.ADMITTED), (2000, channels.ADMITTED), (LARGE_EDGES, channels.LARGE)]
)
async def test_what_the_gateway_admitted_is_not_read_again(
    plane: Plane, parses: list[str], nodes: int, topic: str
) -> None:
    record = admitted(1, a_ring(nodes), topic)
    parses.clear()

    await plane.send(record)
    await plane.until(lambda: plane.jobs("acme") == 1)

    assert (parses, plane.pool.subjects) == ([], [])
    assert plane.first("acme")["admission"]["size"]["variables"] == nodes


@pytest.mark.parametrize("nodes", [6, 2000, LARGE_EDGES])
async def test_what_upstream_says_of_its_size_is_not_believed(plane: Plane, nodes: int) -> None:
    plane.pool.open()
    lie = Admission(size=ProblemSize(variables=1, qubits=1, terms=1), family="optimisation", problem_fingerprint="f")

    await plane.send(asked(1, problem=a_ring(nodes), admission=lie, fingerprint="f"))
    await plane.until(lambda: plane.jobs("acme") == 1)

    first = plane.first("acme")
    assert (first["admission"]["size"]["variables"], len(first["fingerprint"])) == (nodes, 64)


@pytest.mark.parametrize("error", [PoolExhausted(), PoolMemory()], ids=["time", "memory"])
@pytest.mark.parametrize(
    "problem", [Problem(kind="circuit_sampling", statement={"qasm": CIRCUIT}), a_ring(LARGE_EDGES)]
)
async def test_what_takes_too_much_is_refused_once(plane: Plane, error: PoolError, problem: Problem) -> None:
    plane.pool.error = error
    plane.pool.open()

    await plane.send(asked(1, problem=problem), asked(2, "globex"))
    await plane.until(lambda: plane.jobs("acme") == 1)
    await plane.quiet()

    rejection = plane.first("acme")
    assert (rejection["code"], rejection["field"]) == ("statement_too_costly", "/request/problem/statement")
    assert rejection["remedy"]
    assert plane.jobs("globex") == 1


async def test_a_tenant_with_much_waiting_waits_on_a_topic_and_others_have_their_turn(plane: Plane) -> None:
    circuit = Problem(kind="circuit_sampling", statement={"qasm": LONG_CIRCUIT})
    await plane.send(*[asked(number, problem=circuit) for number in range(100)])
    await plane.until(lambda: len(plane.broker.records(channels.LARGE)) == 100 - 66)
    await plane.send(asked(1, "globex", problem=circuit))
    await plane.until(lambda: plane.work.small_turns.waiting == 65)

    plane.pool.open()
    await plane.until(lambda: plane.jobs("acme") == 100)

    assert plane.pool.subjects.index("globex 1") < 10
    assert plane.jobs("globex") == 1


async def test_behind_a_flood_of_another_tenant_a_question_waits_for_a_look_at_each_of_it(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a flood in its partition of which nothing is admitted yet, then it is decided on, and nothing of the flood was read
    on the event loop, where a hundred questions of some kilobytes take as long as a job.
    """
    subjects = list[str]()

    def counted(headers: Any, *given: Any, **how: Any) -> Any:
        subjects.append(headers["ce_subject"].decode())
        return decode(headers, *given, **how)

    monkeypatch.setattr("queuebit_runtime.bus.decoding.decode", counted)
    flood = [asked(number, problem=a_ring(1000)) for number in range(1000)]
    assert all(QUICK_BYTES_MAX < len(each.value) <= LARGE_BYTES for each in flood)

    await plane.send(*flood, asked(1, "globex"))
    await plane.until(lambda: plane.jobs("globex") == 1)

    assert (subjects, plane.jobs("acme")) == (["globex 1"], 0)


async def test_a_question_of_some_kilobytes_that_names_no_tenant_outside_is_admitted_as_ever(plane: Plane) -> None:
    plane.pool.open()
    question = asked(1, problem=a_ring(1000))
    bare = [each for each in question.headers if each[0] != "ce_tenant"]

    await plane.send(question._replace(headers=bare))
    await plane.until(lambda: plane.jobs("acme") == 1)


async def test_small_circuits_of_a_tenant_are_admitted_together(plane: Plane) -> None:
    circuit = Problem(kind="circuit_sampling", statement={"qasm": CIRCUIT})
    plane.pool.open()

    await plane.send(*[asked(number, tenant, circuit) for number in range(40) for tenant in ("acme", "globex")])
    await plane.until(lambda: plane.jobs("acme") == plane.jobs("globex") == 40)
    await plane.quiet()

    assert sum(plane.pool.runs) == 80
    assert len(plane.pool.runs) < 20
    assert plane.broker.records(channels.LARGE) == []


async def test_one_that_takes_too_much_is_refused_and_those_beside_it_are_admitted(plane: Plane) -> None:
    circuit = Problem(kind="circuit_sampling", statement={"qasm": CIRCUIT})
    plane.pool.fatal = frozenset({"acme 3"})
    plane.pool.open()

    await plane.send(*[asked(number, problem=circuit) for number in range(6)])
    await plane.until(lambda: plane.jobs("acme") == 6)
    await plane.quiet()

    kinds = sorted(events[0] for events in plane.streams())
    assert kinds == ["JobRejected"] + ["JobSubmitted"] * 5


async def test_small_circuits_together_are_still_small(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else they would wait behind large questions, in the process that stands back."""
    sizes, run = list[int](), plane.work.run

    async def watched(task: str, argument: Any, **how: Any) -> Any:
        sizes.append(how["size_bytes"])
        return await run(task, argument, **how)

    monkeypatch.setattr(plane.work, "run", watched)
    plane.pool.open()
    circuit = Problem(kind="circuit_sampling", statement={"qasm": CIRCUIT + " " * (QUICK_BYTES_MAX - 1000)})

    await plane.send(*[asked(number, problem=circuit) for number in range(40)])
    await plane.until(lambda: plane.jobs("acme") == 40)

    assert (len(sizes) < 40, max(sizes) <= LARGE_BYTES) == (True, True)


@pytest.mark.parametrize("together", [1, 3])
async def test_what_the_store_says_of_every_batch_alike_leaves_no_question_behind(
    plane: Plane, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    circuit = Problem(kind="circuit_sampling", statement={"qasm": CIRCUIT})
    failures, append = [SchemaMismatch("a migration is missing")] * 2, plane.store.append

    async def fails_first(batch: Any) -> Any:
        if failures:
            raise failures.pop()
        return await append(batch)

    monkeypatch.setattr(plane.store, "append", fails_first)
    plane.pool.open()

    await plane.send(*[asked(number, problem=circuit) for number in range(together)])
    await plane.until(lambda: plane.jobs("acme") == together)


@pytest.mark.parametrize("together", [1, 2])
async def test_what_came_again_while_it_was_open_is_said_to_be_done_to_whom_it_came_last(
    plane: Plane, together: int
) -> None:
    """As after a partition went and came back, and where one event of a record was done and another was not."""
    circuit = Problem(kind="circuit_sampling", statement={"qasm": CIRCUIT})
    items = [_received(asked(number, problem=circuit), number) for number in range(together)]
    first, again = ADelivery([each.record for each in items]), ADelivery([each.record for each in items])
    told = list[Any]()

    async def tell(questions: Any) -> None:
        told.extend(questions)

    async def bury(*unread: Any) -> None:
        raise AssertionError(unread)

    aside = Aside(plane.bus, plane.work, plane.clock, tell=tell, bury=bury)
    aside.offer_all(items, first)
    await plane.until(lambda: bool(plane.pool.runs))
    first.given_away = True
    aside.offer_all(items, again)
    plane.pool.open()

    await plane.until(lambda: not again.open and not aside.held_of(again.records))
    assert {each.received.envelope.subject for each in told} == {f"acme {number}" for number in range(together)}


async def test_a_large_record_that_nobody_can_read_is_kept_for_a_person(plane: Plane) -> None:
    plane.pool.open()
    good = asked(1, problem=a_ring(LARGE_EDGES))
    headers = [(name, b"nothing" if name == "ce_time" else value) for name, value in good.headers]

    await plane.send(good._replace(headers=headers), asked(2, problem=a_ring(LARGE_EDGES)))
    await plane.until(lambda: plane.jobs("acme") == 1)
    await plane.until(lambda: len(plane.broker.records(channels.dead_letter("control-plane.large"))) == 1)

    (letter,) = plane.broker.records(channels.dead_letter("control-plane.large"))
    assert letter.value == good.value


async def test_large_data_that_is_not_valid_is_refused_to_its_sender(plane: Plane) -> None:
    plane.pool.open()
    good = asked(1, problem=a_ring(LARGE_EDGES))

    await plane.send(good._replace(value=good.value.replace(b'"lane":"classical"', b'"lane":"magical"')))
    await plane.until(lambda: plane.jobs("acme") == 1)

    assert (plane.first("acme")["code"], plane.first("acme")["field"]) == ("invalid_data", "/request/lane")
