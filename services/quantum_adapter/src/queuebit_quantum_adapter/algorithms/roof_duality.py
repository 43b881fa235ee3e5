"""Variables whose value in an optimum is known before any search: roof duality, exactly, in integers.

Hammer, Hansen and Simeone (1984); Boros and Hammer (2002). The form is written as a sum of non-negative terms over literals;
each says "if u then not v" at a price. A maximum flow from "true" to "false" through these implications leaves a set of
literals that "true" still reaches: these hold in every minimum (strong persistency).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

Rows = dict[int, dict[int, int]]
ARCS_MAX = 6_000
"""Forms with more arcs than this in the network are left to the first-order rule."""


class Form:
    """A quadratic form over bits with integer coefficients, of which variables are fixed one by one."""

    def __init__(self, linear: Mapping[int, int], rows: Rows) -> None:
        self.linear = dict(linear)
        self.rows = {i: dict(row) for i, row in rows.items()}

    def fix(self, variable: int, bit: int) -> None:
        """Set a variable and forget it."""
        for other, value in self.rows.pop(variable).items():
            del self.rows[other][variable]
            if bit:
                self.linear[other] += value
        del self.linear[variable]


def fix_persistent(form: Form) -> dict[int, int]:
    """Fix what can be fixed so that at least one minimum remains; the bits that were fixed come back."""
    fixed = _fix_dominated(form, list(form.linear))
    while form.linear and 2 * sum(map(len, form.rows.values())) + 2 * len(form.linear) <= ARCS_MAX:
        found = _reached(form)
        if not found:
            break
        touched = {other for variable in found for other in form.rows[variable]} - found.keys()
        for variable, bit in found.items():
            form.fix(variable, bit)
        fixed |= found | _fix_dominated(form, list(touched))
    return fixed


def _fix_dominated(form: Form, open_: list[int]) -> dict[int, int]:
    """The first-order rule: a variable that raises the energy, or lowers it, whatever the others are."""
    fixed: dict[int, int] = {}
    while open_:
        variable = open_.pop()
        if variable not in form.linear:
            continue
        own, row = form.linear[variable], form.rows[variable]
        if own + sum(value for value in row.values() if value < 0) >= 0:
            bit = 0
        elif own + sum(value for value in row.values() if value > 0) <= 0:
            bit = 1
        else:
            continue
        fixed[variable] = bit
        open_ += row
        form.fix(variable, bit)
    return fixed


class _Network:
    """Arcs in pairs: arc a and its reverse a ^ 1."""

    def __init__(self, nodes: int) -> None:
        self.out: list[list[int]] = [[] for _ in range(nodes)]
        self.head: list[int] = []
        self.room: list[int] = []

    def add(self, tail: int, head: int, room: int) -> None:
        self.out[tail].append(len(self.head))
        self.out[head].append(len(self.head) + 1)
        self.head += [head, tail]
        self.room += [room, 0]

    def levels(self, source: int) -> list[int]:
        """The distance of each node from the source over arcs with room; -1 where it cannot be reached."""
        level = [-1] * len(self.out)
        level[source] = 0
        open_ = deque([source])
        while open_:
            node = open_.popleft()
            for arc in self.out[node]:
                if self.room[arc] and level[self.head[arc]] < 0:
                    level[self.head[arc]] = level[node] + 1
                    open_.append(self.head[arc])
        return level

    def fill(self, source: int, sink: int) -> list[int]:
        """Push a maximum flow (Dinic); the levels that the source still reaches."""
        while True:
            level = self.levels(source)
            if level[sink] < 0:
                return level
            self._block(source, sink, level)

    def _block(self, source: int, sink: int, level: list[int]) -> None:
        """Push along shortest paths until none is left."""
        at = [0] * len(self.out)
        path: list[int] = []
        node = source
        while True:
            if node == sink:
                least = min(self.room[arc] for arc in path)
                for arc in path:
                    self.room[arc] -= least
                    self.room[arc ^ 1] += least
                full = next(i for i, arc in enumerate(path) if not self.room[arc])
                node = self.head[path[full] ^ 1]
                del path[full:]
                continue
            out = self.out[node]
            while at[node] < len(out):
                arc = out[at[node]]
                if self.room[arc] and level[self.head[arc]] == level[node] + 1:
                    break
                at[node] += 1
            if at[node] < len(out):
                path.append(out[at[node]])
                node = self.head[path[-1]]
            elif path:
                node = self.head[path.pop() ^ 1]
                at[node] += 1
            else:
                return


def _reached(form: Form) -> dict[int, int]:
    """The strong persistencies. Literal 2q is "variable q is 1", 2q + 1 its opposite; the last two are true and false."""
    variables = sorted(form.linear)
    place = {variable: q for q, variable in enumerate(variables)}
    true, false = 2 * len(variables), 2 * len(variables) + 1
    network = _Network(false + 1)
    own = dict(form.linear)
    for i in variables:
        for k, value in form.rows[i].items():
            if k < i or not value:
                continue
            u, v = 2 * place[i], 2 * place[k]
            if value < 0:
                own[i] += value
                v ^= 1
            network.add(u, v ^ 1, abs(value))
            network.add(v, u ^ 1, abs(value))
    for i, value in own.items():
        u = 2 * place[i] + (value < 0)
        if value:
            network.add(u, false, abs(value))
            network.add(true, u ^ 1, abs(value))
    level = network.fill(true, false)
    return {
        variable: int(level[2 * q] >= 0)
        for q, variable in enumerate(variables)
        if (level[2 * q] >= 0) != (level[2 * q + 1] >= 0)
    }
