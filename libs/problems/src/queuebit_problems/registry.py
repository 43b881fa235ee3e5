"""Which problem kinds there are: the built-in ones and those that installed packages offer.

A package offers a kind by an entry point of the group `queuebit.problems`, named like the kind, whose value is a subclass of
Kind or an instance of one. The built-in ones are what the families, the folders of `kinds`, say that they hold. Kinds are
imported when they are first asked for; importing this module imports none, and listing them none either.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Problem
from queuebit_problems import kinds as built_in
from queuebit_problems.errors import BrokenKind, UnknownKind, WrongFamily
from queuebit_problems.kind import Kind, Statement
from queuebit_problems.optimisation import Optimisation

GROUP = "queuebit.problems"
AnyKind = Kind[Any]

_VERSIONED = re.compile(r"(?P<name>.+)_v(?P<version>[2-9]|[1-9][0-9]+)")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_loaded: dict[tuple[str, int], AnyKind] = {}


def kinds() -> tuple[str, ...]:
    """The names of all kinds, in alphabetical order."""
    return tuple(sorted({name for name, _ in _built_in()} | set(_offered())))


def built_in_modules() -> tuple[str, ...]:
    """The modules of the built-in kinds: for a process that is to have them before it is asked for one."""
    return tuple(_built_in().values())


def usable_kinds() -> list[AnyKind]:
    """Every kind that can be used. A broken package is named when its own kind is asked for; it hides no other kind."""
    usable: list[AnyKind] = []
    for name in kinds():
        with suppress(BrokenKind):
            usable.append(kind_of(name))
    return usable


def kind_of(name: str, version: int = 1) -> AnyKind:
    """The kind of this name and version. Raises UnknownKind, or BrokenKind where an installed package fails to provide it."""
    found = _loaded.get((name, version))
    if found is None:
        found = _loaded[(name, version)] = _load(name, version)
    return found


def parse_problem(problem: Problem) -> tuple[AnyKind, Statement]:
    """The kind of a problem and its checked statement. Raises UnknownKind or InvalidStatement."""
    kind = kind_of(problem.kind, problem.version)
    statement = kind.parse(problem.statement)
    return kind.as_stated(statement), statement


def optimisation_of(name: str, version: int = 1) -> Optimisation[Any]:
    """The kind of optimisation problem of this name and version. Raises as `kind_of`, and WrongFamily."""
    kind = kind_of(name, version)
    if isinstance(kind, Optimisation):
        return kind
    raise WrongFamily(
        f"{name} is not an optimisation problem.",
        remedy="Ask for it where circuits are measured.",
        fields=(FieldError("/problem/kind", "wrong_family", "is no optimisation problem"),),
    )


def parse_optimisation(problem: Problem) -> tuple[Optimisation[Any], Statement]:
    """The kind of an optimisation problem and its checked statement. Raises as `parse_problem`, and WrongFamily."""
    kind = optimisation_of(problem.kind, problem.version)
    statement = kind.parse(problem.statement)
    return kind.as_stated(statement), statement


def reload() -> None:
    """Forget what was found, so that packages installed since are seen."""
    _loaded.clear()
    _built_in.cache_clear()
    _offered.cache_clear()


def _load(name: str, version: int) -> AnyKind:
    module = _built_in().get((name, version))
    if module is not None:
        kind: AnyKind = importlib.import_module(module).KIND
        return kind
    versions = {known for other, known in _built_in() if other == name}
    for kind in _third_party(name):
        if kind.version == version:
            return kind
        versions.add(kind.version)
    if versions:
        listed = ", ".join(str(known) for known in sorted(versions))
        raise UnknownKind(
            f"The kind {name} has no version {version}.",
            remedy=f"Use version {listed}.",
            fields=(FieldError("/problem/version", "unknown_kind", "is not known"),),
        )
    raise UnknownKind(
        f"The kind {name[:63]!r} is not known.",
        remedy=f"Use one of: {', '.join(kinds())}; or install the package that offers it.",
        fields=(FieldError("/problem/kind", "unknown_kind", "is not known"),),
    )


def _third_party(name: str) -> Iterator[AnyKind]:
    if any(other == name for other, _ in _built_in()):
        return
    for point in _offered().get(name, ()):
        yield _kind_from(point)


@cache
def _built_in() -> Mapping[tuple[str, int], str]:
    """(name, version) of each built-in kind and the module that holds it as KIND. No package can replace one."""
    families = (found.name for found in pkgutil.iter_modules(built_in.__path__, f"{built_in.__name__}.") if found.ispkg)
    modules: dict[tuple[str, int], str] = {}
    for family in sorted(families):
        names: tuple[str, ...] = importlib.import_module(family).KINDS
        modules |= {_name_and_version(name): f"{family}.{name}" for name in names}
    return MappingProxyType(modules)


def _name_and_version(module: str) -> tuple[str, int]:
    versioned = _VERSIONED.fullmatch(module)
    return (versioned["name"], int(versioned["version"])) if versioned else (module, 1)


@cache
def _offered() -> dict[str, tuple[EntryPoint, ...]]:
    offered: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=GROUP):
        if _NAME.fullmatch(point.name):
            offered[point.name] = (*offered.get(point.name, ()), point)
    return offered


def _kind_from(point: EntryPoint) -> AnyKind:
    try:
        value = point.load()
        kind = value() if isinstance(value, type) and issubclass(value, Kind) else value
    except Exception as error:
        raise _broken(point, f"fails to load: {type(error).__name__}: {error}") from error
    if not isinstance(kind, Kind):
        raise _broken(point, "is neither a subclass nor an instance of queuebit_problems.kind.Kind")
    if kind.name != point.name:
        raise _broken(point, f"says that its name is {kind.name!r}")
    return kind


def _broken(point: EntryPoint, detail: str) -> BrokenKind:
    package = point.dist.name if point.dist is not None else "an installed package"
    return BrokenKind(
        f"The kind {point.name} of {package} ({point.value}) {detail}.",
        remedy=f"Repair or remove {package}.",
        fields=(FieldError("/problem/kind", "broken_kind", "cannot be loaded"),),
    )
