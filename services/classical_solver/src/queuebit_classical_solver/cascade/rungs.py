"""The cascade, folded from what the searches declare: our own, a file each, and those that installed packages offer.

A package offers a search by an entry point of the group `queuebit.searches` whose value is a Search. Nothing is imported before
the cascade is first asked for. A package that fails to offer one takes nothing from the others: its rung says what is wrong.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points, version
from typing import Any

from queuebit_classical_solver import searches
from queuebit_classical_solver.cascade.stages import Rung
from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound
from queuebit_classical_solver.ports import Solution

GROUP = "queuebit.searches"


def built_in_modules() -> tuple[str, ...]:
    """The modules of our own searches: for a process that is to have them before it is asked for one. Helpers are packages."""
    found = pkgutil.iter_modules(searches.__path__, f"{searches.__name__}.")
    return tuple(sorted(module.name for module in found if not module.ispkg))


@cache
def declared() -> tuple[Search, ...]:
    """Every search that there is. Which method is whose is told by the first that names it: no package can replace ours."""
    ours = [importlib.import_module(name).SEARCH for name in built_in_modules()]
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    return (*ours, *map(_offered, points))


@cache
def rungs() -> tuple[Rung, ...]:
    """All turns of all searches in the order in which they are tried."""
    found = [Rung(search.method, turn) for search in declared() for turn in search.turns]
    return tuple(sorted(found, key=lambda rung: rung.turn.place))


@cache
def package_of_method() -> Mapping[str, str]:
    """The package that really runs each method; any other is the kind's own."""
    return {search.method: search.package for search in reversed(declared())}


def reload() -> None:
    """Forget what was found, so that packages installed since are seen."""
    for found in (declared, rungs, package_of_method):
        found.cache_clear()


def _offered(point: EntryPoint) -> Search:
    try:
        search = point.load()
        if not isinstance(search, Search):
            raise TypeError("is no queuebit_classical_solver.declaration.Search")
        version(search.package)
    except Exception as error:
        package = point.dist.name if point.dist is not None else "an installed package"
        detail = f"The search {point.name} of {package} ({point.value}) fails to load: {type(error).__name__}: {error}"
        return Search(f"{point.name} of {package}", "queuebit-classical-solver", (Turn(_Broken(detail), 0.0, place=0),))
    return search


class _Broken:
    """Stands where a package offers a search and fails to: it is told in the account of each answer."""

    def __init__(self, detail: str) -> None:
        self._detail = detail

    def solve(self, *_: Any, **__: Any) -> Solution:
        raise NothingFound(self._detail)
