"""What is fixed before a circuit keeps an optimum, and what is left has the energies of the whole."""

from __future__ import annotations

import itertools
import random

import pytest

from queuebit_problems.encoding.qubo import Ising, Qubo, QuboBuilder
from queuebit_problems.optimisation import Encoding, Group
from queuebit_quantum_adapter.algorithms.reduction import Core, Reduced, disjoint, form_of, reduce
from queuebit_quantum_adapter.algorithms.roof_duality import Form, fix_persistent
from queuebit_quantum_adapter.algorithms.spectrum import range_of
from queuebit_quantum_adapter.pipelines.samples import joined


def a_qubo(seed: int, n: int = 8, density: float = 0.4) -> Qubo:
    draw = random.Random(seed)
    builder = QuboBuilder(n, draw.randint(-3, 3))
    for i in range(n):
        builder.add_linear(i, draw.randint(-6, 6))
        for k in range(i):
            if draw.random() < density:
                builder.add(i, k, draw.choice((-4, -2, -1, 1, 3, 5)))
    return builder.build()


def an_encoding(qubo: Qubo, groups: tuple[Group, ...] = ()) -> Encoding:
    return Encoding(qubo, lambda bits: {"x": list(bits)}, lambda answer: list(answer["x"]), groups)


def samples_of(reduced: Reduced) -> list[tuple[int, ...]]:
    """Every sample of every core that holds the groups of the core."""
    each = []
    for core in reduced.cores:
        each.append(
            [
                sample
                for sample in range(2**core.ising.n)
                if all(sum(sample >> q & 1 for q in group.qubits) == group.count for group in core.groups)
            ]
        )
    return list(itertools.product(*each))


@pytest.mark.parametrize("seed", range(60))
def test_what_is_fixed_keeps_an_optimum(seed: int) -> None:
    qubo = a_qubo(seed, 4 + seed % 6, 0.3 + 0.1 * (seed % 5))
    strings = list(itertools.product((0, 1), repeat=qubo.n))
    least = min(map(qubo.energy, strings))

    fixed = fix_persistent(form_of(qubo))

    assert any(qubo.energy(bits) == least and all(bits[i] == bit for i, bit in fixed.items()) for bits in strings)


def test_a_chain_of_reasons_is_followed_to_its_end() -> None:
    """Each of three wants what the one before wants, and the first wants 1; no first-order rule sees the last of them."""
    form = Form({0: -5, 1: 1, 2: 1}, {0: {1: -2}, 1: {0: -2, 2: -2}, 2: {1: -2}})

    assert fix_persistent(form) == {0: 1, 1: 1, 2: 1}
    assert form.linear == {}


@pytest.mark.parametrize("seed", range(20))
def test_the_cores_have_the_energies_of_the_whole(seed: int) -> None:
    qubo = a_qubo(seed, 7, 0.25)
    reduced = reduce(an_encoding(qubo), prefilter=seed % 2 == 0)

    for samples in samples_of(reduced):
        parts = sum(
            core.ising.energy([1 - 2 * (sample >> q & 1) for q in range(core.ising.n)])
            for core, sample in zip(reduced.cores, samples, strict=True)
        )
        assert reduced.offset + parts == qubo.energy(reduced.lift(samples))


@pytest.mark.parametrize("seed", range(20))
def test_groups_lose_their_penalty_and_no_energy(seed: int) -> None:
    qubo = a_qubo(seed, 7, 0.6)
    groups = (Group((0, 2, 4), 50), Group((1, 3, 5, 6), 60, 2), Group((0, 1), 9))
    builder = QuboBuilder(7, qubo.offset)
    for i, value in qubo.linear.items():
        builder.add_linear(i, value)
    for (i, k), value in qubo.quadratic.items():
        builder.add(i, k, value)
    for group in groups[:2]:
        builder.add_squared(dict.fromkeys(group.variables, 1), -group.count, group.penalty)
    encoding = an_encoding(builder.build(), groups)

    kept = disjoint(groups)
    reduced = reduce(encoding, groups=kept)
    energies = [encoding.qubo.energy(reduced.lift(samples)) for samples in samples_of(reduced)]

    assert kept == groups[:2]
    assert min(energies) == min(map(encoding.qubo.energy, itertools.product((0, 1), repeat=7)))
    spread = range_of(reduced)
    assert spread is not None
    assert (spread.least, spread.largest) == pytest.approx((min(energies), max(energies)))
    assert spread.mean == pytest.approx(float(sum(energies) / len(energies)))


def test_parts_without_common_terms_are_cores_of_their_own() -> None:
    qubo = Qubo(6, {}, {(0, 1): 1, (1, 2): 1, (0, 2): 1, (3, 4): -1, (4, 5): 2, (3, 5): 2}, 0)

    reduced = reduce(an_encoding(qubo), prefilter=False)

    assert [core.kept for core in reduced.cores] == [(0, 1, 2), (3, 4, 5)]
    assert any("2 parts" in reason for reason in reduced.reasons)


def test_fixed_bits_that_break_a_group_leave_it_to_the_penalty() -> None:
    groups = (Group((0, 1), 1),)
    encoding = an_encoding(Qubo(3, {2: 1}, {(0, 2): -3}, 0), groups)

    reduced = reduce(encoding, groups=groups, prefilter=False, clamped={0: 1, 1: 1})

    assert all(not core.groups for core in reduced.cores)
    assert any("keeps no group" in reason for reason in reduced.reasons)


def test_parts_of_which_one_gave_fewer_samples_are_put_side_by_side_as_far_as_they_go() -> None:
    reduced = Reduced(2, (_one(0), _one(1)), {}, 0, ())

    together = joined(reduced, [{0: 10}, {1: 7}], seed=1)

    assert together == {(0, 1): 7}


def _one(variable: int) -> Core:
    return Core(Ising(1, {0: 1}, {}), (variable,))
