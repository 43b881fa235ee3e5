"""What can be decided before any qubit is used, without losing all optima, and what is left for circuits.

Persistencies are fixed exactly; the rest falls into the components of its interaction graph, a core each; a core that is the
same under flipping all of its spins loses one of them. Groups that the mixer keeps lose their penalty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from queuebit_problems.encoding.qubo import Exact, Ising, Pair, Qubo, simplest
from queuebit_problems.optimisation import Encoding, Group
from queuebit_quantum_adapter.algorithms.qaoa import Kept
from queuebit_quantum_adapter.algorithms.roof_duality import Form, fix_persistent


@dataclass(frozen=True, slots=True)
class Core:
    """What one circuit samples: an Ising model, whose qubit q is variable `kept[q]`, and the groups that its mixer keeps."""

    ising: Ising
    kept: tuple[int, ...]
    groups: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Reduced:
    """A problem of `n` variables as cores without common terms; the other variables have the bits in `fixed`.

    The energy of the problem is `offset` plus those of the cores, wherever the groups hold. `reasons` tells what was decided.
    """

    n: int
    cores: tuple[Core, ...]
    fixed: Mapping[int, int]
    offset: Exact = 0
    reasons: tuple[str, ...] = ()

    @property
    def qubits(self) -> int:
        """The qubits of the largest core."""
        return max((core.ising.n for core in self.cores), default=0)

    def lift(self, samples: Sequence[int]) -> tuple[int, ...]:
        """The bits of all variables from a sample of each core (bit q of a sample is qubit q)."""
        bits = [0] * self.n
        for variable, bit in self.fixed.items():
            bits[variable] = bit
        for core, sample in zip(self.cores, samples, strict=True):
            for qubit, variable in enumerate(core.kept):
                bits[variable] = sample >> qubit & 1
        return tuple(bits)


def form_of(qubo: Qubo) -> Form:
    """The QUBO with whole coefficients, ready to be fixed bit by bit."""
    values = (*qubo.linear.values(), *qubo.quadratic.values())
    scale = math.lcm(*(value.denominator for value in values)) if values else 1
    rows: dict[int, dict[int, int]] = {i: {} for i in range(qubo.n)}
    for (i, k), value in qubo.quadratic.items():
        rows[i][k] = rows[k][i] = int(value * scale)
    return Form({i: int(qubo.linear.get(i, 0) * scale) for i in range(qubo.n)}, rows)


def disjoint(groups: Iterable[Group]) -> tuple[Group, ...]:
    """The groups that a mixer can keep together, in the stated order: those that share no variable with an earlier one."""
    taken: set[int] = set()
    found: list[Group] = []
    for group in groups:
        if not taken & set(group.variables):
            found.append(group)
            taken |= set(group.variables)
    return tuple(found)


def reduce(
    encoding: Encoding,
    *,
    groups: tuple[Group, ...] = (),
    prefilter: bool = True,
    clamped: Mapping[int, int] | None = None,
    form: Form | None = None,
) -> Reduced:
    """Fix, split and simplify. `groups` share no variable; `clamped` bits are given; `form` is that of the QUBO, if at hand."""
    fixed = dict(clamped or {})
    reasons: list[str] = []
    if prefilter:
        found = persistencies(encoding, fixed, form)
        if found:
            reasons.append(
                f"{len(found)} of {encoding.qubo.n} variables are fixed: an optimum has them so (roof duality)."
            )
        fixed |= found
    kept = _left(groups, fixed)
    if kept is None:
        kept = []
        groups = ()
        reasons.append("The mixer keeps no group: what is fixed does not agree with the groups.")
    model, offset = _restricted(encoding.without(groups) if groups else encoding.qubo, fixed)
    cores: list[Core] = []
    pieces = _components([i for i in range(encoding.qubo.n) if i not in fixed], model, kept)
    for members in pieces:
        core = _core(members, model, [each for each in kept if each[0][0] in set(members)])
        if prefilter and not core.ising.j and not core.ising.h and not core.groups:
            fixed |= dict.fromkeys(members, 0)
            continue
        core, pivot = (core, None) if core.groups else fix_symmetry(core)
        if pivot is not None:
            fixed[pivot] = 0
            reasons.append(f"Variable {pivot} is fixed at 0: flipping all variables changes nothing.")
        cores.append(core)
    if len(cores) > 1:
        reasons.append(f"The problem falls apart into {len(cores)} parts, a circuit each.")
    return Reduced(encoding.qubo.n, tuple(cores), fixed, offset, tuple(reasons))


def persistencies(encoding: Encoding, clamped: Mapping[int, int], form: Form | None = None) -> dict[int, int]:
    """The bits that can be fixed beyond those that are clamped, so that an optimum among what is left remains."""
    form = form_of(encoding.qubo) if form is None else Form(form.linear, form.rows)
    for variable, bit in clamped.items():
        form.fix(variable, bit)
    return fix_persistent(form)


def fix_symmetry(core: Core) -> tuple[Core, int | None]:
    """Fix one variable where flipping all spins changes nothing (no linear term), as in maximum cut: half the states remain.

    The variable with the most couplings is fixed at bit 0 (spin +1), the lowest such; its couplings become fields. It comes
    back beside the core without it, or None.
    """
    ising = core.ising
    if ising.h or ising.n < 2 or not ising.j:
        return core, None
    degree = [0] * ising.n
    for i, k in ising.j:
        degree[i] += 1
        degree[k] += 1
    pivot = max(range(ising.n), key=lambda i: (degree[i], -i))
    left = [i for i in range(ising.n) if i != pivot]
    index = {qubit: place for place, qubit in enumerate(left)}
    h: dict[int, Exact] = {}
    j: dict[Pair, Exact] = {}
    for (i, k), value in ising.j.items():
        if pivot in (i, k):
            h[index[k if i == pivot else i]] = simplest(value)
        else:
            j[(index[i], index[k])] = value
    return Core(Ising(len(left), h, j, ising.offset), tuple(core.kept[i] for i in left)), core.kept[pivot]


def _left(groups: Iterable[Group], fixed: dict[int, int]) -> list[tuple[tuple[int, ...], int]] | None:
    """The open variables of each group and how many of them are 1; decided groups are added to `fixed`. None where none can."""
    left: list[tuple[tuple[int, ...], int]] = []
    decided: dict[int, int] = {}
    for group in groups:
        open_ = tuple(i for i in group.variables if i not in fixed)
        count = group.count - sum(fixed.get(i, 0) for i in group.variables)
        if not 0 <= count <= len(open_):
            return None
        if 0 < count < len(open_):
            left.append((open_, count))
        else:
            decided |= dict.fromkeys(open_, int(count > 0))
    fixed |= decided
    return left


def _restricted(qubo: Qubo, fixed: Mapping[int, int]) -> tuple[Ising, Exact]:
    """The Ising model of the open variables, over the indices of the whole, without offset; and the offset."""
    linear = {i: value for i, value in qubo.linear.items() if i not in fixed}
    quadratic: dict[Pair, Exact] = {}
    offset = qubo.offset + sum((value for i, value in qubo.linear.items() if fixed.get(i)), start=Fraction(0))
    for (i, k), value in qubo.quadratic.items():
        if i not in fixed and k not in fixed:
            quadratic[(i, k)] = value
        elif i not in fixed and fixed.get(k):
            linear[i] = linear.get(i, 0) + value
        elif k not in fixed and fixed.get(i):
            linear[k] = linear.get(k, 0) + value
        elif fixed.get(i) and fixed.get(k):
            offset += value
    ising = Qubo(qubo.n, linear, quadratic, offset).to_ising()
    return Ising(ising.n, ising.h, ising.j), ising.offset


def _components(
    open_: Sequence[int], model: Ising, groups: Iterable[tuple[tuple[int, ...], int]]
) -> list[tuple[int, ...]]:
    """The open variables by connected parts, largest first."""
    parent = {i: i for i in open_}

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, k in model.j:
        parent[root(i)] = root(k)
    for members, _ in groups:
        for i in members[1:]:
            parent[root(i)] = root(members[0])
    pieces: dict[int, list[int]] = {}
    for i in open_:
        pieces.setdefault(root(i), []).append(i)
    return sorted((tuple(piece) for piece in pieces.values()), key=lambda piece: (-len(piece), piece))


def _core(members: tuple[int, ...], model: Ising, groups: Iterable[tuple[tuple[int, ...], int]]) -> Core:
    index = {variable: qubit for qubit, variable in enumerate(members)}
    h = {index[i]: value for i, value in model.h.items() if i in index}
    j = {(index[i], index[k]): value for (i, k), value in model.j.items() if i in index}
    kept = tuple(Kept(tuple(index[i] for i in variables), count) for variables, count in groups)
    return Core(Ising(len(members), h, j), members, kept)
