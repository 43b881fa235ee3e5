"""The consumer: one batch of executions in, one publish of verdicts out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from queuebit_contracts.channels import EXECUTIONS, VALIDATIONS, dead_letter
from queuebit_contracts.envelope import Envelope, decode, decode_data, encode_data
from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, JobStarted, ResultRejected, ResultValidated
from queuebit_contracts.failures import FailureCode
from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import Ran
from queuebit_problems.registry import optimisation_of
from queuebit_result_validation.consumer import SOURCE, Validator
from queuebit_result_validation.validate import validate
from queuebit_runtime.bus.decoding import Received
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Bus, BusError, Outgoing
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.errors import PoolCrashed, PoolError
from queuebit_runtime.processes.pool import InlinePool
from tests.fakes.buses import ListeningBus
from tests.unit.result_validation.executions import JOB_ID, NOW, PACK, alternating, an_execution, long_ring, unproved
from tests.unit.result_validation.validating import TRACE, a_validator, received


def others() -> list[Received]:
    execution = an_execution()
    started = JobStarted(attempt_id=execution.attempt_id, leg="classical", worker="w", started_at=NOW)
    failed = ExecutionFailed(
        attempt_id=execution.attempt_id, leg="classical", code=FailureCode.INTERNAL, detail="", remedy=""
    )
    return [received(started, "a"), received(failed, "b")]


async def test_each_success_of_a_batch_gets_one_verdict() -> None:
    bus, right, wrong = ListeningBus(), an_execution(), an_execution(objective=5)
    await a_validator(bus).handle([received(right, "right"), *others(), received(wrong, "wrong")])
    assert [decode(record.headers, record.value) for record in bus.records] == [
        Envelope(
            id=derive_id(derive_id(JOB_ID, name), "verdict"),
            source=SOURCE,
            subject=str(JOB_ID),
            time=NOW,
            data=validate(execution, NOW),
            tenant="acme",
            traceparent=TRACE,
        )
        for name, execution in (("right", right), ("wrong", wrong))
    ]
    assert {(record.topic, record.key) for record in bus.records} == {(VALIDATIONS, str(JOB_ID).encode())}


async def test_it_stays_quiet_where_there_is_nothing_to_check() -> None:
    bus = ListeningBus()
    await a_validator(bus).handle(others())
    assert bus.calls == []


async def test_a_repeat_gives_the_same_records() -> None:
    bus = ListeningBus()
    for _ in range(2):
        await a_validator(bus).handle([received(an_execution())])
    assert bus.calls[0] == bus.calls[1]


async def test_large_answers_are_checked_in_a_thread_with_the_same_verdict_in_the_same_order() -> None:
    items = [received(unproved(long_ring(n), answer=alternating(n), objective=n), str(n)) for n in (40, 2000, 42)]
    threaded, inline = ListeningBus(), ListeningBus()
    await a_validator(threaded, inline_bytes_max=5_000, slice_s=0.0).handle(items)
    await a_validator(inline, inline_bytes_max=10**9).handle(items)
    assert threaded.records == inline.records


async def test_one_record_that_breaks_its_kind_does_not_stop_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RecursionError

    monkeypatch.setattr(type(optimisation_of("knapsack")), "violations", broken)
    bus = ListeningBus()
    bad = an_execution(PACK, answer={"take": [0, 1, 0, 1]}, objective=37, bound=None)
    await a_validator(bus).handle([received(bad, "bad"), received(an_execution(), "good")])
    verdicts = [decode(record.headers, record.value).data for record in bus.records]
    assert [type(verdict) for verdict in verdicts] == [ResultValidated, ResultRejected]


async def test_small_answers_do_not_wait_for_large_ones() -> None:
    bus = ListeningBus()
    large = unproved(long_ring(2000), answer=alternating(2000), objective=2000)
    await a_validator(bus, inline_bytes_max=5_000).handle([received(large, "large"), received(an_execution(), "small")])
    assert [[decode(record.headers, record.value).id for record in call] for call in bus.calls] == [
        [derive_id(derive_id(JOB_ID, "small"), "verdict")],
        [derive_id(derive_id(JOB_ID, "large"), "verdict")],
    ]


async def test_what_is_not_published_is_not_done() -> None:
    bus = ListeningBus()
    bus.failing = True
    with pytest.raises(BusError):
        await a_validator(bus).handle([received(an_execution())])


async def test_over_a_bus_poison_goes_to_the_dead_letters_and_the_rest_is_answered() -> None:
    clock = SystemClock()
    broker = MemoryBroker(clock)
    bus: Bus = MemoryBus(broker)
    watch = Validator(bus, clock).subscribe(batch_max=100, in_flight_max=1000)
    await bus.start()
    good = received(an_execution()).record
    poison = Outgoing(EXECUTIONS, b"k", b"{", list(good.headers))
    await bus.publish([poison, Outgoing(EXECUTIONS, good.key or b"", good.value or b"", list(good.headers))])
    deadline = clock.monotonic_s() + 10
    while not (broker.records(VALIDATIONS) and watch.total) and clock.monotonic_s() < deadline:
        await clock.sleep(0.01)
    await bus.stop()
    verdicts = [decode(record.headers, record.value).data for record in broker.records(VALIDATIONS)]
    assert [type(verdict) for verdict in verdicts] == [ResultValidated]
    assert len(broker.records(dead_letter("result-validation"))) == 1


async def test_what_a_heuristic_is_asked_about_leaves_the_event_loop_and_proved_answers_do_not() -> None:
    hopped: list[str] = []

    async def hop(check: Callable[[], Any]) -> Any:
        verdict = check()
        hopped.append(verdict.leg)
        return verdict

    items = [received(an_execution(leg="proved"), "a"), received(unproved(leg="open"), "b")]
    await a_validator(ListeningBus(), hop=hop).handle(items)
    assert hopped == ["open"]


async def test_earlier_verdicts_are_remembered_and_the_same_order_gives_the_same_records() -> None:
    ran = Ran(lane="simulator", method="LR-QAOA p=10", backend="aer")
    problem, answer = long_ring(41), alternating(41)
    items = [
        received(
            unproved(
                problem, answer=answer, objective=40, lane="simulator", ran=ran,
                attempt_id=derive_id(JOB_ID, f"attempt {number}"), evidence={"shots": 100},
            ),
            str(number),
        )
        for number in range(12)
    ]  # fmt: skip
    first, second = ListeningBus(), ListeningBus()
    await a_validator(first).handle(items)
    await a_validator(second).handle(items)
    assert first.calls == second.calls
    verdicts = [decode(record.headers, record.value).data for record in first.records]
    named = [{part.name for part in v.confidence.parts} for v in verdicts if isinstance(v, ResultValidated)]
    assert ["history" in parts for parts in named] == [False] * 10 + [True] * 2


class WatchedPool(InlinePool):
    """Counts what it is asked; perhaps its process dies."""

    def __init__(self, error: PoolError | None = None) -> None:
        self.error = error
        self.asked = 0

    async def run(self, function_path: str, argument: Any, **how: Any) -> Any:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return await super().run(function_path, argument, **how)


@pytest.mark.parametrize("error", [None, PoolCrashed()], ids=["a process", "a process that dies"])
async def test_an_answer_to_a_large_problem_is_checked_in_a_process(error: PoolError | None) -> None:
    """With the statement as text, as it comes from the bus; the verdict is the same, and small ones need none."""
    nodes = 6000
    large = an_execution(long_ring(nodes), answer=alternating(nodes), objective=nodes, bound=nodes)
    unread = decode_data(type(large), encode_data(large), text=True)
    assert isinstance(unread, ExecutionSucceeded)
    bus, pool = ListeningBus(), WatchedPool(error)

    await a_validator(bus, pool=pool).handle([received(unread, "large"), received(an_execution(), "small")])

    verdicts = {record.headers[2][1]: decode(record.headers, record.value).data for record in bus.records}
    assert pool.asked == 1
    assert sorted(map(repr, verdicts.values())) == sorted(
        map(repr, (validate(large, NOW), validate(an_execution(), NOW)))
    )
