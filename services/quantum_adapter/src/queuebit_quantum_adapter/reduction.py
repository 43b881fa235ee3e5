"""What can be decided before any qubit is used, without losing an optimum."""

from __future__ import annotations

from dataclasses import dataclass

from queuebit_problems.qubo import Exact, Ising, Pair, simplest


@dataclass(frozen=True, slots=True)
class Reduced:
    """An Ising model over the variables `kept` of a larger one, in their order; the others have the bits in `fixed`."""

    ising: Ising
    kept: tuple[int, ...]
    fixed: dict[int, int]

    def lift(self, sample: int) -> tuple[int, ...]:
        """The bits of all variables from a sample of the kept ones (bit q of the sample is qubit q)."""
        bits = [0] * (len(self.kept) + len(self.fixed))
        for variable, bit in self.fixed.items():
            bits[variable] = bit
        for qubit, variable in enumerate(self.kept):
            bits[variable] = sample >> qubit & 1
        return tuple(bits)


def fix_symmetry(ising: Ising) -> Reduced:
    """Fix one variable where flipping all spins changes nothing (no linear term), as in maximum cut: half the states remain.

    The variable with the most couplings is fixed at bit 0 (spin +1), the lowest such; its couplings become fields.
    """
    if ising.h or ising.n < 2 or not ising.j:
        return Reduced(ising, tuple(range(ising.n)), {})
    degree = [0] * ising.n
    for i, k in ising.j:
        degree[i] += 1
        degree[k] += 1
    pivot = max(range(ising.n), key=lambda i: (degree[i], -i))
    kept = tuple(i for i in range(ising.n) if i != pivot)
    index = {variable: qubit for qubit, variable in enumerate(kept)}
    h: dict[int, Exact] = {}
    j: dict[Pair, Exact] = {}
    for (i, k), value in ising.j.items():
        if pivot in (i, k):
            h[index[k if i == pivot else i]] = simplest(value)
        else:
            j[(index[i], index[k])] = value
    return Reduced(Ising(len(kept), h, j, ising.offset), kept, {pivot: 0})
