"""Providers that are installed: entry points of the group `queuebit.providers`, each the offer of some backends.

A provider that fails is named, and hides no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from queuebit_quantum_adapter.backends.spec import BackendSpec, Setup

GROUP = "queuebit.providers"
DETAIL_MAX = 300


@dataclass(frozen=True, slots=True)
class Found:
    """The backends of the providers that were asked for, in the order of asking; `broken` says of each other what it lacks."""

    specs: tuple[BackendSpec, ...]
    broken: tuple[str, ...] = ()


class _Broken(Exception):
    """A provider that cannot be used, in a sentence."""


def discover(names: Iterable[str], setup: Setup) -> Found:
    """The backends of the providers of these names."""
    specs: list[BackendSpec] = []
    broken: list[str] = []
    for name in names:
        try:
            specs += _offered(name, setup)
        except _Broken as error:
            broken.append(str(error)[:DETAIL_MAX])
    return Found(tuple(specs), tuple(broken))


def without_ledger(found: Found, why: str) -> Found:
    """What is left where there is no ledger: what is handed in elsewhere would be paid for and forgotten."""
    lost = [spec.name for spec in found.specs if spec.durable]
    if not lost:
        return found
    told = f"{', '.join(lost)} cannot be used: what is paid for needs a ledger in PostgreSQL. {why}"
    return Found(tuple(spec for spec in found.specs if not spec.durable), (*found.broken, told[:DETAIL_MAX]))


def _offered(name: str, setup: Setup) -> list[BackendSpec]:
    points = tuple(entry_points(group=GROUP, name=name))
    if not points:
        known = ", ".join(sorted({point.name for point in entry_points(group=GROUP)})) or "none"
        raise _Broken(f"No installed package provides the provider {name[:60]!r} (installed: {known}).")
    if len({point.value for point in points}) > 1:
        raise _Broken(f"The provider {name} is provided by several packages: {', '.join(map(_package, points))}.")
    return list(_checked(points[0], setup))


def _checked(point: EntryPoint, setup: Setup) -> Iterator[BackendSpec]:
    where = f"The provider {point.name} of {_package(point)} ({point.value})"
    try:
        specs = list(point.load()(setup))
    except Exception as error:
        raise _Broken(f"{where} fails: {type(error).__name__}: {error}.") from error
    for spec in specs:
        if not isinstance(spec, BackendSpec):
            raise _Broken(f"{where} offers a {type(spec).__name__}, not a BackendSpec.")
        yield spec


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an installed package"
