"""A variational search is sure of its value once searches from elsewhere end there too."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from queuebit_circuits.ansatz import Ansatz
from queuebit_circuits.pauli import PauliSum
from queuebit_problems.measurement import Device, OnStep, Step, Stop
from queuebit_problems.measuring.variational import Found, minimise

SMALL_QUBITS_MAX = 6
"""Above, a search takes long, and fewer are made."""
RESTARTS_SMALL = (2, 6)
RESTARTS_LARGE = (1, 3)
"""The least and the most further searches; also where the ansatz grows, which starts from the mean field and seldom strays."""
KICKED_MAX = 3
KICK_MAX = 0.5
"""A further search of an ansatz that grows starts with so many angles turned by so much: each angle costs gates."""
AGREEING_MIN = 2
AGREE_WITHIN = 1e-5
"""Of the observable's spread: values no further apart are one."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was found best, over how many further searches, and how many of all ended at its value."""

    found: Found
    restarts: int = 0
    agreeing: int = 1


def settled(
    device: Device, observable: PauliSum, ansatz: Ansatz, *, shots: int | None, seed: int, out: Stop, on_step: OnStep
) -> Settled:
    """The least value that searches from several starts find, as far as `out` allows. It has converged only once two searches
    ended at it: one alone is never sure, nor are sampled values, of which no second search is made.
    """
    first = minimise(device, observable, ansatz, shots=shots, seed=seed, out=out, on_step=on_step)
    if shots is not None or first.start.std_error:
        return Settled(replace(first, converged=False))
    large = ansatz.grows or observable.qubits > SMALL_QUBITS_MAX
    restarts_min, restarts_max = RESTARTS_LARGE if large else RESTARTS_SMALL
    every, restarts = [first], 0
    least, near = first.estimate.value, AGREE_WITHIN * observable.spread
    while restarts < restarts_max and not out():
        if restarts >= restarts_min and sum(one.estimate.value <= least + near for one in every) >= AGREEING_MIN:
            break
        restarts += 1
        rng = random.Random(f"{seed} restart {restarts}")
        start = _elsewhere(ansatz, rng)
        done, best = sum(one.iterations for one in every), least

        def told(step: Step, done: int = done, best: float = best) -> None:
            on_step(
                replace(
                    step,
                    iterations=step.iterations + done,
                    objective=best if step.objective is None else min(step.objective, best),
                )
            )

        every.append(minimise(device, observable, ansatz, shots=shots, seed=seed, out=out, on_step=told, start=start))
        least = min(least, every[-1].estimate.value)
    agreeing = sum(one.estimate.value <= least + near for one in every)
    best_found = min(every, key=lambda one: one.estimate.value)
    whole = replace(
        best_found,
        start=first.start,
        iterations=sum(one.iterations for one in every),
        calls=sum(one.calls for one in every),
        circuits=sum(one.circuits for one in every),
        converged=best_found.converged and agreeing >= AGREEING_MIN,
    )
    return Settled(whole, restarts, agreeing)


def _elsewhere(ansatz: Ansatz, rng: random.Random) -> tuple[float, ...]:
    """Angles to start from, of an ansatz that grows only a few that are not 0."""
    if not ansatz.grows:
        return tuple(rng.uniform(-math.pi, math.pi) for _ in range(ansatz.parameters))
    kicked = set(rng.sample(range(ansatz.parameters), min(KICKED_MAX, ansatz.parameters)))
    return tuple(rng.uniform(-KICK_MAX, KICK_MAX) if place in kicked else 0.0 for place in range(ansatz.parameters))
