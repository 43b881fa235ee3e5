"""Which backend serves which lane: the first that has room for the circuit, in the order in which the providers are named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from queuebit_contracts.jobs import Lane
from queuebit_contracts.regions import LOCAL, Regions, is_allowed
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import NoBackend, RegionNotAllowed, TooManyQubits

REGION_NOT_ALLOWED = "region_not_allowed"
REGION_REMEDY = "Allow that region in params.regions, or use the simulator or the classical lane."
"""The reason of a failure, where no backend may be given the data of a job."""


def check_backend(backend: BackendSpec, qubits: int) -> None:
    """Raises TooManyQubits where a noisy target does not take a circuit of so many qubits; ideal ones go by the tier."""
    if backend.noisy and qubits > backend.qubits_max:
        raise TooManyQubits(
            f"The problem needs {qubits} qubits; {backend.name} takes at most {backend.qubits_max}.",
            remedy=backend.remedy,
        )


class Backends:
    """The configured backends, any number a lane. Of two with one name the first counts."""

    def __init__(self, specs: Iterable[BackendSpec], broken: Iterable[str] = (), *, what: str = "backend") -> None:
        """`broken`: what providers that were asked for and cannot be used lack, each in a sentence. `what` they are called."""
        by_name: dict[str, BackendSpec] = {}
        for spec in specs:
            by_name.setdefault(spec.name, spec)
        self._specs = tuple(by_name.values())
        self.broken = tuple(broken)
        self._what = what

    def annealers(self) -> Backends:
        """Those that take spins."""
        return Backends((spec for spec in self._specs if spec.annealer), self.broken, what="annealer")

    def circuits(self) -> Backends:
        """Those that take circuits."""
        return Backends((spec for spec in self._specs if not spec.annealer), self.broken)

    def all(self) -> tuple[BackendSpec, ...]:
        return self._specs

    def named(self, name: str) -> BackendSpec:
        """The backend of that name. Raises NoBackend where it is not configured any more."""
        found = next((spec for spec in self._specs if spec.name == name), None)
        if found is None:
            raise NoBackend(
                f"The backend {name} is not configured any more.", remedy="Configure it, or use another lane."
            )
        return found

    def of(
        self,
        lane: Lane,
        qubits: int = 0,
        avoid: Collection[str] = (),
        *,
        not_on: Collection[str] = (),
        only: str | None = None,
        regions: Regions | None = None,
    ) -> BackendSpec:
        """The backend of a lane for so many qubits: the first that takes them, else the first of those that take most. One
        that is to be avoided only where there is no other, and never one of `not_on`. `only`: this one and no other; one that
        charges where others do not is used so alone. `regions`: where the data may go.

        Raises NoBackend or RegionNotAllowed.
        """
        of_lane = [spec for spec in self._specs if spec.lane == lane]
        if only is not None and of_lane:
            if only not in [spec.name for spec in of_lane]:
                known = ", ".join(spec.name for spec in of_lane)
                raise NoBackend(
                    f"The {lane} lane has no backend {only!r}.",
                    remedy=f"Set params.backend to one of: {known}; or to none.",
                )
            of_lane = [spec for spec in of_lane if spec.name == only]
        elif of_lane and all(spec.only_named for spec in of_lane):
            named = ", ".join(spec.name for spec in of_lane)
            raise NoBackend(
                f"What the {lane} lane has runs only jobs that name it, for it charges: {named}.",
                remedy=f"Set params.backend to one of: {named}; or configure another provider for this lane.",
            )
        else:
            of_lane = [spec for spec in of_lane if not spec.only_named]
        of_lane = _allowed(of_lane, regions)
        all_of_lane = [spec for spec in of_lane if spec.name not in not_on]
        found = [spec for spec in all_of_lane if spec.name not in avoid] or all_of_lane
        if not found and of_lane:
            raise NoBackend(
                f"The {lane} lane has no backend but {', '.join(sorted(spec.name for spec in of_lane))}, where it failed.",
                remedy="Wait, or allow another lane.",
            )
        if not found:
            known = ", ".join(sorted({spec.lane for spec in self._specs})) or "none"
            raise NoBackend(
                " ".join(
                    (
                        f"No {self._what} is configured for the {lane} lane of the quantum adapter (configured: {known}).",
                        *self.broken,
                    )
                ),
                remedy=f"Configure a provider for this lane, or use {_others(lane)}.",
            )
        roomy = (spec for spec in found if spec.qubits_max >= qubits)
        return next(roomy, None) or max(found, key=lambda spec: spec.qubits_max)


def _allowed(specs: Sequence[BackendSpec], regions: Regions | None) -> list[BackendSpec]:
    """Those that may be given the data. Raises RegionNotAllowed where there are some, and none may."""
    found = [spec for spec in specs if is_allowed(spec.region, regions)]
    if specs and not found:
        check_region(specs[0], regions)
    return found


def check_region(backend: BackendSpec, regions: Regions | None) -> None:
    """Raises RegionNotAllowed where the data may not go to where the backend stands."""
    if is_allowed(backend.region, regions):
        return
    raise RegionNotAllowed(
        barred_words(backend.name, backend.region, regions), remedy=REGION_REMEDY, reason=REGION_NOT_ALLOWED
    )


def barred_words(name: str, region: str | None, regions: Regions | None) -> str:
    """Why the data may not go to a backend."""
    where = f"stands in {region}" if region else "does not state its region"
    return f"{name} {where}; the data may go to: {', '.join(regions or ()) or LOCAL}."


def _others(lane: Lane) -> str:
    """The lanes that serve without a provider of this one."""
    return "the classical lane" if lane == "simulator" else "the simulator or the classical lane"
