"""Compiling ahead, so that no job waits for the compiler. Importing this loads neither numpy nor numba."""

from __future__ import annotations

import os
from pathlib import Path

from queuebit_classical_solver.ports import OnProgress

COMPILE = "queuebit_classical_solver.searches.compiled.ahead:compile_in_process"
COMPILE_TIMEOUT_S = 300.0


def is_kept() -> bool:
    """Whether machine code lies on disk already, or where only numba knows."""
    return "NUMBA_CACHE_DIR" in os.environ or any((Path(__file__).parent / "__pycache__").glob("*.nbi"))


def compile_all() -> None:
    """Call everything once, with the types of real calls."""
    import numpy as np

    from queuebit_classical_solver.searches.compiled import clique_choices, set_walks, shop_tabu, vertex_cover
    from queuebit_classical_solver.searches.compiled.compiler import lot

    path = np.array([[0, 1], [1, 2]], dtype=np.int32)
    vertex_cover.advance(vertex_cover.begun(3, path, [1], 1), 1)
    clique_choices.advance(clique_choices.begun(3, path, [[0, 1], [2]], [1], 1), 1)
    set_walks.advance(set_walks.begun(3, path, [1], 1), 1)
    machines = [[0, 3], [1, 2]]
    shop = shop_tabu.shop_of([[0, 1], [2, 3]], machines, [1, 1, 1, 1])
    order = shop_tabu.order_of(shop, machines, [0, 2, 1, 3])
    shop_tabu.tabu(shop, order, 1, 10, 0, lot(1), np.empty(4, dtype=np.int64))


def compile_in_process(_argument: None, _progress: OnProgress) -> None:
    """What a worker process does before the first job, where nothing is kept."""
    compile_all()
