"""The queues of an installation, simulated: jobs arrive by chance, wait where they come by, and leave. Pure."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Visit:
    """A job at a station for `mean_s` on average."""

    station: str
    mean_s: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What the simulation saw, without its beginning. `busy`: the share of a station's servers that worked."""

    jobs: int
    p50_s: float
    p99_s: float
    mean_s: float
    busy: Mapping[str, float]
    longest: Mapping[str, int]


def simulate(path: Sequence[Visit], servers: Mapping[str, int], per_s: float, *, jobs: int, seed: int) -> Seen:
    """So many jobs a second over the path; each station has so many servers and one queue, first come first served.

    The first tenth of the jobs fills the queues and is not counted. Times between arrivals and at stations are exponential.
    """
    random = Random(seed)
    arrivals: list[float] = []
    now = 0.0
    for _ in range(jobs):
        now += random.expovariate(per_s)
        arrivals.append(now)
    events: list[tuple[float, int, int, int, bool]] = [
        (at, number, number, 0, False) for number, at in enumerate(arrivals)
    ]
    heapq.heapify(events)
    free = dict(servers)
    queues: dict[str, deque[tuple[int, int]]] = {station: deque() for station in servers}
    worked = dict.fromkeys(servers, 0.0)
    longest = dict.fromkeys(servers, 0)
    left = [0.0] * jobs
    order = jobs
    while events:
        at, _, job, step, done = heapq.heappop(events)
        station = path[step].station
        if done:
            free[station] += 1
            if step + 1 < len(path):
                order += 1
                heapq.heappush(events, (at, order, job, step + 1, False))
            else:
                left[job] = at
        else:
            queues[station].append((job, step))
            longest[station] = max(longest[station], len(queues[station]))
        while free[station] and queues[station]:
            next_job, next_step = queues[station].popleft()
            took = random.expovariate(1 / path[next_step].mean_s)
            worked[station] += took
            free[station] -= 1
            order += 1
            heapq.heappush(events, (at + took, order, next_job, next_step, True))
        end = at
    counted = sorted(left[number] - arrivals[number] for number in range(jobs // 10, jobs))
    busy = {station: worked[station] / (end * servers[station]) for station in servers}
    mean_s = sum(counted) / len(counted)
    return Seen(len(counted), _quantile(counted, 0.5), _quantile(counted, 0.99), mean_s, busy, longest)


def _quantile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]
