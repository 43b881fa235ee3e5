"""`python -m queuebit_classical_solver.searches.compiled`: compile ahead, so that no first job waits for the compiler."""

from __future__ import annotations

from queuebit_classical_solver.searches.compiled.ahead import compile_all

if __name__ == "__main__":
    compile_all()
