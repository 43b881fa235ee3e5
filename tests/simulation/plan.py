"""What a simulation does, drawn from its seed before it starts: who asks what, when, and what else lies on the topics."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any, Literal
from uuid import UUID

import orjson

from queuebit_contracts import channels
from queuebit_contracts.ids import uuid7
from queuebit_runtime.bus.port import Outgoing
from tests.simulation.poison import FOLLOWED, MARK, follower_record, poison_headers, poison_record
from tests.simulation.virtual import BEGIN

TENANTS = ("acme", "globex")
LATECOMER = "initech"
"""One more tenant, whom the operator adds half-way, who may have asked before."""
SOURCES = ("/upstream", "/upstream/other")
TIMES = ("2026-01-01T00:00:00Z", "1969-07-20T20:17:40Z", "9999-12-31T23:59:59Z")
"""What senders say the time is: anew at each try, and not always right."""
Entrance = Literal["kafka", "http"]


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens in a run: from `jobs_min` to `jobs_max` questions and at most `poison_max` records that nobody can read,
    all within `asking_s`, and one of these numbers of faults within `faults_s`.
    """

    jobs_min: int
    jobs_max: int
    poison_max: int
    asking_s: float
    faults: tuple[int, ...]
    faults_s: float

    @property
    def latecomer_at_s(self) -> float:
        """When the latecomer becomes a tenant."""
        return self.asking_s / 2


LARGE = Size(jobs_min=10, jobs_max=50, poison_max=6, asking_s=12.0, faults=(0, 3, 8, 16), faults_s=16.0)
SMALL = Size(jobs_min=2, jobs_max=6, poison_max=2, asking_s=3.0, faults=(1, 2, 3, 5), faults_s=4.0)
LARGE_EVERY = 50
"""One seed in so many is large; the others are small, so that many of them can be run."""


def size_of(seed: int) -> Size:
    """How large the run of a seed is."""
    return SMALL if seed % LARGE_EVERY else LARGE


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, sent until it is taken. `event_id` and `source` are those of its record on Kafka; `fair`: it may not be
    refused; `wait_s`: how long a caller over HTTP waits for the end; `saga`: what it names beside the request.
    """

    number: int
    at_s: float
    entrance: Entrance
    event_id: UUID
    key: str | None
    request: dict[str, Any]
    fair: bool
    copies: int = 1
    wait_s: int = 0
    source: str = SOURCES[0]
    saga: dict[str, Any] = field(default_factory=dict)

    @property
    def tenant(self) -> str:
        return str(self.request["tenant"])

    @property
    def unreadable(self) -> bool:
        """Whether not even the tenant can be read of it."""
        return "budget_s" in self.request

    @property
    def identity(self) -> tuple[str, str, str]:
        """What is the same of all that is one question."""
        return (self.tenant, "", self.key) if self.key else (self.tenant, self.source, str(self.event_id))

    def record(self, copy: int = 0) -> Outgoing:
        """The question as an upstream service publishes it, at the time of each try."""
        data = {"request": self.request, **self.saga, **({"idempotency_key": self.key} if self.key else {})}
        time = TIMES[(self.number + copy) % len(TIMES)]
        headers = poison_headers(self.event_id, "io.queuebit.JobSubmitted.v1", str(self.event_id), self.source, time)
        return Outgoing(channels.SUBMITTED, (self.key or str(self.event_id)).encode(), orjson.dumps(data), headers)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A wish to cancel what an ask brought about, by `tenant`, who may be a stranger to it."""

    at_s: float
    entrance: Entrance
    event_id: UUID
    ask: Ask
    tenant: str


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that nobody can read, marked. `followers`: sound ones of the same key, each published so many seconds later."""

    at_s: float
    mark: str
    record: Outgoing
    followers: tuple[tuple[float, Outgoing], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that comes from outside."""

    size: Size
    asks: tuple[Ask, ...]
    withdrawals: tuple[Withdrawal, ...]
    poison: tuple[Poison, ...]


def draw_plan(random: Random, size: Size, *, circuits: int) -> Plan:
    """Some questions and some more, of which `circuits` run on the simulator."""
    jobs = random.randint(size.jobs_min, size.jobs_max)
    within_s = random.choice((size.asking_s, size.asking_s, size.asking_s / 4, 0.3))
    asks = [_ask(random, size, number, within_s, circuit=number < circuits) for number in range(jobs)]
    asks += [_echo(random, size, random.choice(asks), jobs + number) for number in range(_some(random, jobs / 5))]
    withdrawals = tuple(_withdrawal(random, random.choice(asks)) for _ in range(_some(random, jobs / 8)))
    poison = tuple(_poison(random, size, number) for number in range(random.randint(0, size.poison_max)))
    return Plan(size, tuple(asks), withdrawals, poison)


def _some(random: Random, expected: float) -> int:
    """A whole number next to what is expected."""
    return int(expected + random.random())


def _ask(random: Random, size: Size, number: int, within_s: float, *, circuit: bool) -> Ask:
    at_s = random.uniform(0.0, within_s)
    entrance: Entrance = random.choice(("kafka", "http"))
    request = _request(random, circuit=circuit)
    fair = True
    match random.random():
        case share if share < 0.04:
            request["problem"]["kind"], fair = "tower_of_hanoi", False
        case share if share < 0.08:
            request["problem"]["statement"], fair = {"nodes": "many"}, False
        case share if share < 0.11:
            request["deadline"], fair = _moment(at_s - 3600.0), False
        case share if share < 0.13 and entrance == "kafka":
            request["tenant"], fair = "nobody", False
        case share if share < 0.15 and entrance == "kafka":
            request["budget_s"], fair = -1, False
        case share if share < 0.19 and entrance == "kafka":
            at_s = size.latecomer_at_s + random.uniform(-0.25, 0.5)
            request["tenant"], fair = LATECOMER, at_s > size.latecomer_at_s
        case share if share < 0.25:
            request["deadline"], fair = _moment(at_s + random.uniform(0.02, random.choice((0.3, 20.0)))), False
        case share if share < 0.35:
            request["latency_budget_s"] = random.uniform(0.05, 3.0)
        case _:
            pass
    copies = random.choice((1, 1, 1, 1, 2, 3))
    wait_s = random.choice((0, 4, 4))
    key, event_id, source = _key(random, at_s, entrance), _event_id(random, at_s), random.choice(SOURCES)
    return Ask(number, at_s, entrance, event_id, key, request, fair, copies, wait_s, source)


def _echo(random: Random, size: Size, ask: Ask, number: int) -> Ask:
    """The same key once more, later or sooner, through either door, with the same content or with other content; without a key
    the same event again, or one with the same id from another source.
    """
    at_s = min(size.asking_s, max(0.0, ask.at_s + random.uniform(-1.0, 4.0)))
    entrance: Entrance = random.choice(("kafka", "http"))
    request = dict(ask.request)
    if ask.key is None:
        return replace(ask, number=number, at_s=at_s, fair=False, copies=1, source=random.choice(SOURCES))
    if random.random() < 0.4:
        request["seed"] = random.getrandbits(32)
    if ask.tenant not in TENANTS or "budget_s" in request:
        entrance = "kafka"
    return Ask(number, at_s, entrance, _id(random, at_s), ask.key, request, fair=False)


def _request(random: Random, *, circuit: bool) -> dict[str, Any]:
    request: dict[str, Any] = {
        "tenant": random.choice(TENANTS),
        "tier": random.choice(("interactive", "interactive", "batch", "scheduled")),
        "seed": random.getrandbits(32),
    }
    if circuit:
        lane = random.choice(("auto", "quantum", "simulator"))
        return {
            **request,
            "lane": lane,
            "problem": _maxcut(random, 4),
            "params": {"layers": 1, "shots": 64},
        }
    match random.random():
        case share if share < 0.45:
            return {**request, "lane": "classical", "problem": _maxcut(random, random.randint(3, 8))}
        case share if share < 0.60:
            return {**request, "lane": "classical", "problem": _knapsack(random)}
        case share if share < 0.72:
            return {**request, "lane": "classical", "problem": _maxcut(random, random.randint(13, 15))}
        case share if share < 0.80:
            return {**request, "lane": "auto", "problem": _maxcut(random, 3)}
        case share if share < 0.90:
            lane = random.choice(("quantum", "simulator"))
            return {**request, "lane": lane, "problem": _maxcut(random, 5), "params": {"layers": 0}}
        case share if share < 0.96:
            return {**request, "lane": "rule", "problem": _maxcut(random, 6)}
        case _:
            return {**request, "lane": "rule", "problem": _impossible()}


def _impossible() -> dict[str, Any]:
    """Three jobs for two agents, each of whom has room for any one of them but for no two: only a search finds out."""
    statement = {"profits": [[1, 2, 3], [3, 4, 5]], "weights": [[3, 3, 3], [3, 3, 3]], "capacities": [5, 5]}
    return {"kind": "generalised_assignment", "statement": statement}


def _maxcut(random: Random, nodes: int) -> dict[str, Any]:
    pairs = [(u, v) for u in range(nodes) for v in range(u + 1, nodes)]
    edges = [[u, v, random.randint(1, 9)] for u, v in random.sample(pairs, min(len(pairs), 2 * nodes))]
    return {"kind": "maxcut", "statement": {"nodes": nodes, "edges": edges}}


def _knapsack(random: Random) -> dict[str, Any]:
    weights = [random.randint(1, 20) for _ in range(random.randint(2, 10))]
    profits = [random.randint(1, 20) for _ in weights]
    statement = {"capacity": sum(weights) // 2, "profits": profits, "weights": weights}
    return {"kind": "knapsack", "statement": statement}


def _withdrawal(random: Random, ask: Ask) -> Withdrawal:
    at_s = ask.at_s + random.uniform(0.0, 2.0)
    tenant = ask.tenant if random.random() < 0.8 else next(each for each in TENANTS if each != ask.tenant)
    entrance: Entrance = "kafka" if ask.tenant not in TENANTS else random.choice(("kafka", "http"))
    return Withdrawal(at_s, entrance, _id(random, at_s), ask, tenant)


def _poison(random: Random, size: Size, number: int) -> Poison:
    at_s = random.uniform(0.0, size.asking_s)
    mark = f"{MARK}{number}"
    record = poison_record(random, _id(random, at_s), mark)
    if record.topic not in FOLLOWED:
        return Poison(at_s, mark, record)
    followers = tuple(
        (
            random.choice((0.0, 0.3, 2.0)),
            follower_record(random, _id(random, at_s), record.topic, record.key, f"behind-{mark}-{nth}"),
        )
        for nth in range(random.choice((0, 1, 1, 3)))
    )
    return Poison(at_s, mark, record, followers)


def _key(random: Random, at_s: float, entrance: Entrance) -> str | None:
    """Ours are UUIDv7; others send any text; upstream may send none."""
    share = random.random()
    if share < 0.5:
        return str(_id(random, at_s))
    if share < 0.8 or entrance == "http":
        return f"order-{random.getrandbits(40)}"
    return None


def _event_id(random: Random, at_s: float) -> UUID:
    """Ordered by time, or not, as the sender likes."""
    return _id(random, at_s) if random.random() < 0.7 else UUID(int=random.getrandbits(128), version=4)


def _id(random: Random, at_s: float) -> UUID:
    return uuid7(int((BEGIN + timedelta(seconds=at_s)).timestamp() * 1000), random.getrandbits(74))


def _moment(at_s: float) -> str:
    return (BEGIN + timedelta(seconds=at_s)).isoformat()
