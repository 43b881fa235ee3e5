"""What is configured of a backend, and how a provider offers some: read by a service at its start, so nothing heavy is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from queuebit_contracts.jobs import Lane
from queuebit_quantum_adapter.backends.limits import Limits

CORE_MAX = 32
EXACT = "exact"
"""The name of the target without noise."""


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """A configured backend.

    `name` is what people know it by. `qubits_max`: of any circuit; `core_qubits_max`: of the cores that a problem beyond that
    is cut into. `noisy`: whether a device's noise is simulated; `calibrated_at`: when that was measured, RFC 3339, where it is
    known; `remedy`: what to do about a problem that is too large for it. `opener` is the dotted path of the function that opens
    its provider in a worker process, called with `options`; naming it imports nothing. `durable`: whether what is handed in
    outlives the process that sent it, so that it is kept in the ledger. `annealer`: whether it takes spins, and no circuits.
    `mitigations`: what it does against errors where a job asks for it.
    `transpiles`: whether it fits circuits to a device, so that a job may say how.
    `only_named`: whether it runs jobs that name it and no others: it charges on a lane where others do not.
    `joins`: whether requests of several attempts run together there (`ports.Joining`).
    `region`: where it stands, as its provider names regions; "local" where it computes here, so that nothing leaves; empty
    where nobody knows it: jobs that name regions are not given to it then.
    `account`: what its submissions are charged to, by a name that tells no secret; of one at most `at_once_max` are at the
    provider, and `per_minute_max` begin; 0 for no limit.
    """

    name: str
    version: str
    lane: Lane
    opener: str
    qubits_max: int
    core_qubits_max: int = CORE_MAX
    noisy: bool = False
    calibrated_at: str | None = None
    remedy: str = ""
    durable: bool = False
    account: str = ""
    at_once_max: int = 0
    per_minute_max: int = 0
    annealer: bool = False
    mitigations: tuple[str, ...] = ()
    joins: bool = False
    only_named: bool = False
    transpiles: bool = False
    region: str = ""
    options: Mapping[str, int | float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setup:
    """What the operator set for all providers: the bounds of simulations, and what the simulator lane simulates."""

    limits: Limits
    simulator_target: str = EXACT


Offer = Callable[[Setup], Iterable[BackendSpec]]
"""What an entry point of the group `queuebit.providers` names: the backends that a provider has. It imports no SDK."""
