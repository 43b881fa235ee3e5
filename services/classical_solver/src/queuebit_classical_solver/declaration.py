"""What a search says of itself: what it serves, when it is tried, what it is called, and which package runs.

A search is a file of `searches/` with a constant `SEARCH`, or an entry point of the group `queuebit.searches` of an installed
package whose value is a Search. The cascade is folded from these declarations alone: no other place knows a kind by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from queuebit_classical_solver.ports import Solver

VARIABLES_MANY = 10**9
LAST = 1000
"""The place of what is tried after everything else."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a search in the cascade: for problems of these kinds and of so many variables, with a share of the budget.

    `kinds`: None stands for every kind, by the model that each kind has. `place`: turns that serve a problem are tried in the
    order of their places. `share`: of what is left when its turn comes; the last turn has whatever is left.
    """

    solver: Solver
    share: float
    place: int = LAST
    kinds: frozenset[str] | None = None
    variables_min: int = 0
    variables_max: int = VARIABLES_MANY

    def __post_init__(self) -> None:
        """Raises ValueError where the share is none."""
        if not 0.0 <= self.share <= 1.0:
            raise ValueError(f"A share of the budget lies between 0 and 1, not at {self.share}.")

    def serves(self, kind: str, variables: int) -> bool:
        """Whether it is worth trying."""
        return (self.kinds is None or kind in self.kinds) and self.variables_min <= variables <= self.variables_max


@dataclass(frozen=True, slots=True)
class Search:
    """A search: the method that its answers name, the distribution that really runs, and its turns.

    One without turns is used by other searches only.
    """

    method: str
    package: str
    turns: tuple[Turn, ...] = ()
