"""What is told of a backend beside whether it is there: what it can do, and how well it was calibrated."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from queuebit_contracts.jobs import Lane
from queuebit_contracts.model import Model

RecoveryName = Literal["token", "fence", "search", "none"]
REPORT_AGE_S_MAX = 300.0
"""A report that is older says how a backend was, not how it is."""
BACKEND_NAME_MAX = 200


class BackendCapabilities(Model):
    """What a backend can do.

    `noise`: what its samples are subject to, "ideal" or the name of a device or model. `exact`: it computes expectation
    values without shots. `estimates`: it says beforehand how well a circuit would do. `repeats`: equal seeds give equal
    outcomes. `annealer`: it takes spins, and no circuits. `recovery`: how a submission is found again whose answer was lost:
    "token", sent again it is the same; "fence", looked for behind a closed fence; "search", looked for, but a late one may come
    after; "none", nothing outlives the process and nothing is paid. `lag_s`: how long one may stay unseen, at most.
    `mitigations`: what it does against errors where it is asked to.
    """

    shots_max: int
    circuits_max: int
    noise: str
    exact: bool
    estimates: bool
    repeats: bool
    annealer: bool
    recovery: RecoveryName
    lag_s: float
    mitigations: tuple[str, ...] = ()


class CalibrationSummary(Model):
    """How well a backend was calibrated: medians over what works. None where it is not told.

    `working`: the share of its qubits and couplings that works.
    """

    qubits: int
    couplings: int | None = None
    working: float | None = None
    two_qubit_error: float | None = None
    readout_error: float | None = None
    t1_s: float | None = None
    t2_s: float | None = None


class BackendDrift(Model):
    """What standing probes say of a backend: the same small circuit, run now and again.

    `survival`: the share of the last probe's runs that came out as they would without any fault; `usual`: that of all before
    it. `statistic`: a cumulative sum over how far each probe is from all before it, in standard errors; beyond `limit` the
    backend has `drifted`: where nothing changes that is told once in some 465 probes. `since`: when that began.
    """

    probes: int
    last_at: AwareDatetime
    survival: float
    usual: float | None = None
    statistic: float = 0.0
    limit: float
    drifted: bool
    since: AwareDatetime | None = None


class BackendRuns(Model):
    """What our own last attempts on a backend took, in seconds.

    `count`: how many these are; `total` and `failed`: of all time and all tenants, told to those who run it, as is when the
    last one ended. `wait_s`: neither computed nor on the processor, which is
    the provider's queue and the way there; an upper guess where the provider does not say how long its processor ran.
    """

    count: int
    total: int | None = None
    failed: int | None = None
    wait_s_median: float | None = None
    wait_s_p90: float | None = None
    turnaround_s_median: float | None = None
    last_at: AwareDatetime | None = None


BackendState = Literal["available", "unavailable", "stale"]


class BackendView(Model):
    """A backend as the API shows it: its last report, and what our own attempts there took.

    `state` is "stale" where the last report is older than five minutes: then nobody knows how it is, `queue_length` is not
    told, and the rest is what was last heard. `calibration_age_s`: how old its calibration is now. `runs`: None where nothing
    ran there. `drift`: None where it is not probed. `region`: where it stands, as far as it says; with `region_named` it takes
    only jobs whose `regions` allow that.
    """

    object: Literal["backend"] = "backend"
    name: str
    lane: Lane
    state: BackendState
    reported_at: AwareDatetime
    report_age_s: float
    provider: str | None = None
    qubits_max: int | None = None
    queue_length: int | None = None
    calibrated_at: AwareDatetime | None = None
    calibration_age_s: float | None = None
    capabilities: BackendCapabilities | None = None
    calibration: CalibrationSummary | None = None
    runs: BackendRuns | None = None
    drift: BackendDrift | None = None
    region: str | None = None
    region_named: bool | None = None
    detail: str | None = None


class BackendList(Model):
    """All backends that have reported within a month, by name."""

    object: Literal["list"] = "list"
    data: tuple[BackendView, ...]
