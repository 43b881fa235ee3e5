"""`python -m queuebit_classical_solver.searches.compiled`: compile ahead, so that no first job waits for the compiler."""

from __future__ import annotations

import sys

import numpy as np

from queuebit_classical_solver.searches.compiled import set_walks, shop_tabu, vertex_cover
from queuebit_classical_solver.searches.compiled.compiler import lot


def main() -> int:
    """Call everything once, with the types of real calls."""
    path = np.array([[0, 1], [1, 2]], dtype=np.int32)
    vertex_cover.advance(vertex_cover.begun(3, path, [1], 1), 1)
    set_walks.advance(set_walks.begun(3, path, [1], 1), 1)
    machines = [[0, 3], [1, 2]]
    shop = shop_tabu.shop_of([[0, 1], [2, 3]], machines, [1, 1, 1, 1])
    order = shop_tabu.order_of(shop, machines, [0, 2, 1, 3])
    shop_tabu.tabu(shop, order, 1, 10, 0, lot(1), np.empty(4, dtype=np.int64))
    return 0


if __name__ == "__main__":
    sys.exit(main())
