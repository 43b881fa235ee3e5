"""`make story`: paths in a whole control plane, on virtual time, with jobs that come over the bus and workers that are played.

A useless path is registered, measured in shadow, and given up within 100 pairs and its budget. A good one is let up, step by
step, into production. Then it turns bad, and is taken back to nothing within two seconds. Nobody's answer is worse for it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, cast

from queuebit_contracts import channels
from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.data import Data
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.ids import uuid7
from queuebit_contracts.jobs import Confidence, Cost, JobRequest, Money, Problem, Ran, Tier
from queuebit_contracts.paths import GateSpec, PathKey, PathRegistered, PathStageChanged
from queuebit_contracts.registry import REGISTRY
from queuebit_control_plane.app import ControlPlane
from queuebit_domain.paths.codec import fold_path
from queuebit_domain.paths.cohort import path_id_of
from queuebit_domain.paths.deciding import promote
from queuebit_domain.paths.judging import judge
from queuebit_domain.paths.state import NoPath, Path
from queuebit_domain.paths.value import amount_in
from queuebit_operations.paths.store import Paths
from queuebit_runtime.bus.decoding import Received, sort_out
from queuebit_runtime.bus.memory.broker import MemoryBroker
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Delivery, Outgoing, Subscription
from queuebit_store.memory import MemoryDatabase, MemoryStore
from tests.simulation.virtual import VirtualClock, run_virtual

NODES = 24
BASE = 1000
"""What the classical way cuts in every graph; more is better."""
BETWEEN_S = 1.0
EPOCH_S = 20.0
"""The device is calibrated so often."""
PRICE = "0.50"
Worth = Callable[[Random], tuple[int, int]]
"""What path and placebo make of a problem."""


def useless(chance: Random) -> tuple[int, int]:
    """The same as everybody."""
    del chance
    return BASE, BASE


def good(chance: Random) -> tuple[int, int]:
    """Better in half of the jobs, hardly ever worse; the placebo is as good as the classical way."""
    turn = chance.random()
    return (BASE + 60, BASE) if turn < 0.5 else (BASE - 60, BASE) if turn < 0.55 else (BASE, BASE)


def bad(chance: Random) -> tuple[int, int]:
    """Worse in most jobs."""
    return (BASE - 80, BASE) if chance.random() < 0.8 else (BASE, BASE)


@dataclass
class Told:
    """What came of the story."""

    useless: Path
    good: Path
    lines: list[str] = field(default_factory=list)
    retired_after: int = 0
    useless_cost: float = 0.0
    taken_back_at: datetime | None = None
    last_answered_at: datetime | None = None
    answered: int = 0
    worse: int = 0

    @property
    def stopped_after_s(self) -> float:
        """How long after it was taken back the last job was planned that the path answers."""
        assert self.taken_back_at is not None
        assert self.last_answered_at is not None
        return (self.last_answered_at - self.taken_back_at).total_seconds()


def registration(tier: Tier, name: str, **changes: Any) -> PathRegistered:
    """A path for the cohort of a tier, with a gate that asks for little time and few pairs a step, and no less certainty."""
    spec = GateSpec(
        **{"sample": 1.0, "shadow_h": 0.02, "suggestions": 12, "canary_pairs": 4, **changes.pop("spec", {})}
    )
    return PathRegistered(
        key=PathKey(kind="maxcut", size_band="s", tier=tier, version=f"{name:0<16}"[:16]),
        name=name,
        lane="quantum",
        settings={"layers": 10},
        spec=spec,
        price_max=Money(amount=PRICE, currency="EUR"),
        start="shadow",
        owner="ada",
        reason="A new template.",
        **changes,
    )


class Stage:
    """A control plane, its bus and its store; the workers are played here, and the tenant too."""

    def __init__(self, seed: int) -> None:
        self.clock = VirtualClock()
        self.chance = Random(seed)
        self.store = MemoryStore(MemoryDatabase(self.clock.monotonic_s))
        self.broker = MemoryBroker(self.clock)
        self.bus, self.workers = MemoryBus(self.broker), MemoryBus(self.broker)
        self.plane = ControlPlane(self.store, self.bus, self.clock, holder="one")
        self.worth: dict[str, Worth] = {"interactive": useless, "batch": good}
        self.asked = 0
        self._stop = asyncio.Event()

    async def begin(self) -> None:
        await self.store.add_tenant("acme", self.clock.now())
        topics = tuple(channels.queued(family, tier) for family in ("quantum", "classical") for tier in self.worth)  # type: ignore[arg-type]
        self.workers.subscribe(Subscription(topics, "workers", self._work))
        await self.bus.start()
        await self.workers.start()
        self._running = asyncio.ensure_future(self.plane.run(self._stop))
        await self.clock.sleep(5.0)

    async def end(self) -> None:
        self._stop.set()
        await self._running
        await self.workers.stop(1.0)
        await self.bus.stop(1.0)

    async def live(self, seconds: float, until: Callable[[], bool]) -> None:
        """Let jobs come until something is so, or so long."""
        begun_s = self.clock.monotonic_s()
        while self.clock.monotonic_s() < begun_s + seconds and not until():
            if self.asked % 20 == 0:
                self._report()
            for tier in self.worth:
                self._ask(tier)
            await self.clock.sleep(BETWEEN_S)

    def path(self, key: PathKey) -> Path:
        return self.plane.board.paths[path_id_of(key)]

    def _report(self) -> None:
        self._say(
            channels.BACKENDS, "ibm", ev.BackendStatusReported(backend="ibm", lane="quantum", available=True), "adapter"
        )

    def _ask(self, tier: str) -> None:
        self.asked += 1
        edges = [[node, (node + 1) % NODES, 1 + (self.asked + node) % 9] for node in range(NODES)]
        edges[0][2] = self.asked
        statement = {"nodes": NODES, "edges": edges}
        request = JobRequest(
            tenant="acme",
            problem=Problem(kind="maxcut", statement=statement),
            tier=tier,
            labels={"nth": str(self.asked)},
        )
        self._say(channels.SUBMITTED, "shop", ev.JobSubmitted(request=request), "shop")

    async def _work(self, delivery: Delivery) -> None:
        for item in sort_out(delivery.records, None)[0]:
            if isinstance(item, Received) and isinstance(item.envelope.data, ev.JobQueued):
                asyncio.ensure_future(self._answer(item.envelope.subject, item.envelope.data))  # noqa: RUF006
        delivery.done_all()

    async def _answer(self, job_id: str, order: ev.JobQueued) -> None:
        """A worker answers, and the validator says what that is worth. The quantum lane takes longer."""
        own = Random(f"{order.fingerprint}")
        reached, placebo = self.worth[order.tier](own) if order.lane == "quantum" else (BASE, BASE)
        await self.clock.sleep(own.uniform(2.0, 20.0) if order.lane == "quantum" else 0.1)
        now = self.clock.now()
        answer = {"side": [0, 1] * (NODES // 2)}
        calibrated = datetime.fromtimestamp(now.timestamp() // EPOCH_S * EPOCH_S, now.tzinfo).isoformat()
        execution = ev.ExecutionSucceeded(
            attempt_id=order.attempt_id,
            leg=order.leg,
            lane=order.lane,
            ran=Ran(lane=order.lane, method="played", backend=order.lane),
            answer=answer,
            objective=reached,
            started_at=now,
            finished_at=now,
            cost=Cost(amount=PRICE, currency="EUR") if order.lane == "quantum" else Cost(),
            evidence={"placebo_best": placebo, "calibrated_at": calibrated} if order.lane == "quantum" else {},
        )
        verdict = ev.ResultValidated(
            attempt_id=order.attempt_id,
            leg=order.leg,
            verdict="accepted",
            objective=reached,
            confidence=Confidence(value=0.9),
            problem_fingerprint=order.fingerprint,
            answer_fingerprint=fingerprint(answer),
        )
        self._say(channels.EXECUTIONS, job_id, execution, "worker")
        self._say(channels.VALIDATIONS, job_id, verdict, "validator")

    def _say(self, topic: str, subject: str, data: Data, source: str) -> None:
        now = self.clock.now()
        event_id = uuid7(int(now.timestamp() * 1000), self.chance.getrandbits(74))
        subject = str(event_id) if topic == channels.SUBMITTED else subject
        envelope = Envelope(event_id, f"/{source}", subject, now, data, tenant="acme")
        self.broker.append([Outgoing(topic, subject.encode(), encode_data(data), encode_headers(envelope))])


async def _tell(seed: int) -> Told:
    stage = Stage(seed)
    await stage.begin()
    paths = Paths(stage.store, stage.clock)
    first = registration(
        "interactive", "aa11", budget=Money(amount="50", currency="EUR"), spec={"retires_itself": True}
    )
    second = registration("batch", "bb22", budget=Money(amount="500", currency="EUR"), spec={"min_gain": 0.005})
    for each in (first, second):
        await paths.register(each)
    await stage.clock.sleep(2.0)
    await stage.live(600.0, lambda: stage.path(first.key).stage == "retired")
    del stage.worth["interactive"]
    await stage.live(900.0, lambda: stage.path(second.key).stage == "advisory")
    await stage.live(900.0, lambda: judge(stage.path(second.key), stage.clock.now()).approval)
    ready = await paths.named("maxcut/s/batch")
    await paths.change(ready, lambda path: promote(path, "grace", "Looked at the suggestions.", stage.clock.now()))
    await stage.live(3000.0, lambda: stage.path(second.key).stage == "production")
    await stage.live(60.0, lambda: False)
    stage.worth["batch"] = bad
    await stage.live(900.0, lambda: stage.path(second.key).rollbacks > 0)
    await stage.live(30.0, lambda: False)
    await stage.clock.sleep(60.0)
    await stage.end()
    return await _told(stage, first.key, second.key)


async def _told(stage: Stage, first: PathKey, second: PathKey) -> Told:
    found = {
        key.tier: cast(Path, fold_path(await stage.store.events_of(path_id_of(key), limit=10_000), NoPath()))
        for key in (first, second)
    }
    told = Told(found["interactive"], found["batch"])
    told.useless_cost = float(amount_in(told.useless.value.cost, "EUR"))
    told.retired_after = next((step.pairs for step in told.useless.history if step.what.startswith("retired")), 0)
    for path in (told.useless, told.good):
        for step in path.history:
            passed = timedelta(seconds=round((step.at - path.registered_at).total_seconds()))
            told.lines.append(f"{path.registered.name}  {passed}  pair {step.pairs:>3}  {step.what}")
    stored = await stage.store.events_of(path_id_of(second), limit=10_000)
    for each in stored:
        if (
            each.type == PathStageChanged.__name__
            and PathStageChanged.model_validate_json(each.data).to_stage == "shadow"
        ):
            told.taken_back_at = each.time
    for stream in stage.store.database.events.values():
        _of_job(stream, told)
    return told


def _of_job(stream: Sequence[Any], told: Told) -> None:
    """Whether the job's answer is worse than that of the classical way, and whether the path was to answer it."""
    for each in stream:
        if each.type == "JobPlanned":
            planned = cast(ev.JobPlanned, REGISTRY.read_stored(each.type, each.schema_version, each.data))
            if any(leg.leg == "path-quantum" and leg.role == "primary" for leg in planned.legs):
                told.last_answered_at = max(told.last_answered_at or each.time, each.time)
        elif each.type == "JobCompleted":
            completed = cast(ev.JobCompleted, REGISTRY.read_stored(each.type, each.schema_version, each.data))
            told.answered += 1
            told.worse += completed.objective is None or completed.objective < BASE


def story(seed: int) -> Told:
    """The whole story, on virtual time."""
    return run_virtual(_tell(seed))


def main() -> int:
    """Print it, and exit 1 where it does not end well."""
    told = story(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    lines = [
        *told.lines,
        f"The useless path was given up after {told.retired_after} pairs for {told.useless_cost:.2f} of 50 EUR.",
        f"The good one was taken back; {told.stopped_after_s:.2f} s later the last job was planned that it answers.",
        f"{told.answered} jobs were answered, {told.worse} of them worse than the classical way.",
    ]
    sys.stdout.write("\n".join([*lines, ""]))
    well = told.useless.stage == "retired" and told.retired_after <= 100 and told.useless_cost <= 50
    return 0 if well and told.worse == 0 and told.stopped_after_s <= 2.0 else 1


if __name__ == "__main__":
    sys.exit(main())
