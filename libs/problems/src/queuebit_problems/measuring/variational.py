"""The search for the least expectation value over an ansatz: each iteration asks the device for one batch of circuits.

A batch holds the state itself and shifted angles, which give the value, the slope and the curvature along each angle. Where
values are exact the shifts are small and a quasi-Newton method (BFGS, started from the measured curvatures) uses them; where
they are sampled the shifts are large (the parameter-shift rule) and each step is Newton's along each angle, ever shorter.
An ansatz that grows begins with the angles that promise most and takes in others while they promise more than `TOLERANCE`.

This module needs numpy: only what computes imports it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from queuebit_circuits.ansatz import Ansatz
from queuebit_circuits.circuit import Circuit
from queuebit_circuits.pauli import PauliSum
from queuebit_problems.measurement import Device, Estimate, OnStep, Step, Stop

Vector = npt.NDArray[np.float64]

BATCH_MAX = 256
"""Circuits in one call to the device."""
FORM_PLACES = 16
"""Angles that are tried out in circuits of one form."""
ITERATIONS_MAX = 200
TOLERANCE = 2e-9
"""A search ends where what it may still gain is less than so much of the observable's spread."""
SMALL_SHIFT = 1e-3
TURN_MAX = 1.0
"""Radians that one step may change an angle by."""
HALVINGS_MAX = 8
_PI_2 = math.pi / 2


@dataclass(frozen=True, slots=True)
class Found:
    """The best angles and their value: of sampled values one that was measured anew, so that luck does not choose it."""

    angles: tuple[float, ...]
    estimate: Estimate
    start: Estimate
    iterations: int
    calls: int
    circuits: int
    converged: bool


@dataclass(frozen=True, slots=True)
class _Probe:
    """At some angles: the value, and along each of the `places` the slope, the curvature and the slope's standard error."""

    estimate: Estimate
    places: list[int]
    slope: Vector
    curvature: Vector
    error: Vector


class _Ended(Exception):
    """The budget is used, or the search was told to stop."""


@dataclass(slots=True)
class Search:
    """One search. `out` says that the budget is used or that it should stop, and is asked before each call but the first."""

    device: Device
    observable: PauliSum
    ansatz: Ansatz
    shots: int | None
    seed: int
    out: Stop
    on_step: OnStep
    begin: Sequence[float] | None = None
    """Where it starts, instead of where the ansatz does."""
    exact: bool = True
    iterations: int = 0
    calls: int = 0
    circuits: int = 0
    best: tuple[Vector, Estimate] | None = None
    active: list[int] = field(default_factory=list)

    def run(self) -> Found:
        """Search until nothing more is promised, or as long as `out` allows. The first call is always made."""
        angles = np.array(self.ansatz.start(self.seed) if self.begin is None else self.begin)
        start = self._ask([self._circuit(angles)])[0]
        self.exact = start.std_error == 0
        self._accept(angles, start)
        converged = True
        try:
            self._search(angles)
        except _Ended:
            converged = False
        assert self.best is not None
        angles, estimate = self.best
        if not self.exact:
            estimate = self._ask([self._circuit(angles)], last=True)[0]
        return Found(tuple(angles.tolist()), estimate, start, self.iterations, self.calls, self.circuits, converged)

    def _search(self, angles: Vector) -> None:
        """Take in angles, stage by stage, and descend along all that were taken in, until a stage promises nothing more."""
        for stage in self.ansatz.stages:
            while places := sorted({*self.active, *stage}):
                probe = self._probe(angles, places)
                self._accept(angles, probe.estimate)
                taken = self._promising(probe) if self.ansatz.grows else places
                fresh = [place for place in taken if place not in self.active]
                if not fresh:
                    break
                self.active = sorted([*self.active, *fresh])
                angles = self._descend(angles, _narrow(probe, self.active))
                if not self.ansatz.grows:
                    break

    def _promising(self, probe: _Probe) -> list[int]:
        gain = probe.slope**2 / 2 / self._firm(probe.curvature)
        if self.exact:
            return [place for place, each in zip(probe.places, gain, strict=True) if each > self._least() / 2]
        clear = np.abs(probe.slope) > 3 * probe.error
        return [place for place, each in zip(probe.places, clear, strict=True) if each]

    def _least(self) -> float:
        """What is worth another step; of a large constant, rounding hides the rest."""
        return TOLERANCE * (self.observable.spread + 1e-6 * abs(self.observable.constant))

    def _firm(self, curvature: Vector) -> Vector:
        """The curvatures, none so small or negative that a step along it would be wild."""
        floor = max(0.05 * float(np.abs(curvature).max()), 1e-3 * self.observable.spread, 1e-12)
        return np.maximum(np.abs(curvature), floor)

    def _descend(self, angles: Vector, probe: _Probe) -> Vector:
        """Newton-like steps along the places of the probe, until less than the tolerance (or the noise) can be gained."""
        inverse = np.diag(1 / self._firm(probe.curvature))
        step_number = 0
        while True:
            step_number += 1
            if not self.exact:
                inverse = np.diag(1 / self._firm(probe.curvature) / max(1.0, step_number / 3))
            move = -inverse @ probe.slope
            if move @ probe.slope >= 0:
                inverse = np.diag(1 / self._firm(probe.curvature))
                move = -inverse @ probe.slope
            noise = float(np.sum(probe.error**2 / self._firm(probe.curvature)))
            if -(move @ probe.slope) / 2 < max(self._least(), noise):
                return angles
            move *= min(1.0, TURN_MAX / float(np.abs(move).max()))
            found = self._line(angles, probe, move)
            if found is None:
                return angles
            following, move = found
            angles = angles.copy()
            angles[probe.places] += move
            if self.exact:
                inverse = _secant(inverse, move, following.slope - probe.slope)
            probe = following

    def _line(self, angles: Vector, probe: _Probe, move: Vector) -> tuple[_Probe, Vector] | None:
        """The first of the whole, half, … step that lowers the value as it should, and what is there; None where none does."""
        for _ in range(HALVINGS_MAX):
            trial = angles.copy()
            trial[probe.places] += move
            following = self._probe(trial, probe.places)
            gained = probe.estimate.value - following.estimate.value
            slack = 3 * math.hypot(probe.estimate.std_error, following.estimate.std_error)
            if gained >= -1e-4 * float(move @ probe.slope) - slack:
                self._accept(trial, following.estimate)
                return following, move
            move = move / 2
        return None

    def _accept(self, angles: Vector, estimate: Estimate) -> None:
        if self.best is None or not self.exact or estimate.value <= self.best[1].value:
            self.best = (angles, estimate)
        self.on_step(Step(self.iterations, self.best[1].value, f"{self.circuits} circuits in {self.calls} calls"))
        self.iterations += 1
        if self.iterations > ITERATIONS_MAX:
            raise _Ended

    def _probe(self, angles: Vector, places: list[int]) -> _Probe:
        shifts = self._shifts()
        circuits = [self._circuit(angles, self.active)]
        order: list[int] = []
        for kept, members in self._forms(places):
            order += members
            for place in members:
                for shift in shifts:
                    for signed in (shift, -shift):
                        point = angles.copy()
                        point[place] += signed
                        circuits.append(self._circuit(point, kept))
        estimates = self._ask(circuits)
        index = [order.index(place) for place in places]
        values = np.array([each.value for each in estimates[1:]]).reshape(len(places), len(shifts), 2)[index]
        errors = np.array([each.std_error for each in estimates[1:]]).reshape(values.shape)[index]
        odd = values[:, :, 0] - values[:, :, 1]
        even = values.sum(axis=2) - 2 * estimates[0].value
        weights, bends = _rules(shifts)
        return _Probe(estimates[0], places, odd @ weights, even @ bends, np.sqrt((errors**2).sum(axis=2) @ weights**2))

    def _forms(self, places: list[int]) -> list[tuple[set[int], list[int]]]:
        """The places in groups, each with the angles whose gates its circuits keep even at 0.

        A device converts circuits that differ in angles alone once: idle gates cost it less than another form. Sampled
        circuits keep none, as on hardware each gate costs accuracy.
        """
        active = set(self.active)
        known, idle = [each for each in places if each in active], [each for each in places if each not in active]
        groups = [known] + [idle[begin : begin + FORM_PLACES] for begin in range(0, len(idle), FORM_PLACES)]
        return [(active.union(group), group) for group in groups]

    def _circuit(self, angles: Vector, kept: Collection[int] = ()) -> Circuit:
        return self.ansatz.circuit(angles.tolist(), kept if self.exact else ())

    def _shifts(self) -> tuple[float, ...]:
        if self.exact:
            return (SMALL_SHIFT,)
        return (_PI_2,) if self.ansatz.frequencies == 1 else (_PI_2, math.pi)

    def _ask(self, circuits: Sequence[Circuit], *, last: bool = False) -> list[Estimate]:
        estimates: list[Estimate] = []
        for begin in range(0, len(circuits), BATCH_MAX):
            if self.calls and not last and self.out():
                raise _Ended
            batch = circuits[begin : begin + BATCH_MAX]
            seed = random.Random(f"{self.seed} call {self.calls}").getrandbits(63)
            estimates += self.device.expectations(batch, self.observable, shots=self.shots, seed=seed)
            self.calls += 1
            self.circuits += len(batch)
        return estimates


def _rules(shifts: tuple[float, ...]) -> tuple[Vector, Vector]:
    """(slope weights, curvature weights) of the differences E(+s) - E(-s) and of the sums E(+s) + E(-s) - 2 E(0).

    A small shift is a finite difference. For a + b cos t + c sin t one of pi/2 is exact; with half the frequency beside it,
    those of pi/2 and pi together are: of sin(t/2) the differences are sqrt(2), 2 and the slope 1/2, of sin t they are 2, 0, 1.
    """
    if len(shifts) == 1:
        small = shifts[0] < _PI_2
        step = shifts[0] if small else 1.0
        return np.array([1 / (2 * step)]), np.array([1 / step**2 if small else 0.5])
    differences = np.array([[math.sqrt(2), 2.0], [2.0, 0.0]])
    sums = np.array([[math.sqrt(2) - 2, -2.0], [-2.0, -4.0]])
    return np.linalg.solve(differences, [0.5, 1.0]), np.linalg.solve(sums, [-0.25, -1.0])


def _narrow(probe: _Probe, places: list[int]) -> _Probe:
    index = [probe.places.index(place) for place in places]
    return _Probe(probe.estimate, places, probe.slope[index], probe.curvature[index], probe.error[index])


def _secant(inverse: Vector, moved: Vector, turned: Vector) -> Vector:
    """The BFGS update of an inverse curvature; unchanged where the slope did not rise along the move."""
    product = float(moved @ turned)
    if product <= 1e-14:
        return inverse
    left = np.eye(len(moved)) - np.outer(moved, turned) / product
    updated: Vector = left @ inverse @ left.T + np.outer(moved, moved) / product
    return updated


def minimise(
    device: Device,
    observable: PauliSum,
    ansatz: Ansatz,
    *,
    shots: int | None,
    seed: int,
    out: Callable[[], bool],
    on_step: OnStep,
    start: Sequence[float] | None = None,
) -> Found:
    """The least expectation value over the ansatz that the search finds. The same arguments give the same result."""
    return Search(device, observable, ansatz, shots, seed, out, on_step, start).run()
