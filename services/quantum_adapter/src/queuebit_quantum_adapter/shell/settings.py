"""What an operator may set: environment variables that begin with QUEUEBIT_QUANTUM_."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, DirectoryPath, Field, FilePath, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from queuebit_circuits.cost import QUBITS_DEVICE_MAX
from queuebit_contracts.regions import Regions, regions_in
from queuebit_quantum_adapter.backends.limits import Limits
from queuebit_quantum_adapter.backends.snapshots import Snapshot, snapshot_of
from queuebit_quantum_adapter.backends.spec import EXACT, Setup
from queuebit_quantum_adapter.credentials.vault_access import (
    KubernetesLogin,
    TokenFile,
    VaultAccess,
    vault_url,
    wanted_in,
)
from queuebit_quantum_adapter.errors import UnknownTarget
from queuebit_quantum_adapter.submissions.probing import Probes

PREFIX = "QUEUEBIT_QUANTUM_"
MIB = 1024 * 1024
Qubits = Annotated[int, Field(ge=1, le=QUBITS_DEVICE_MAX)]


def _regions_text(text: str) -> str:
    if text:
        regions_in(text)
    return text


def _vault_url(text: str) -> str:
    return vault_url(text) if text else text


def _vault_reads(text: str) -> str:
    wanted_in(text)
    return text


class AdapterSettings(BaseSettings):
    """The bounds of the quantum adapter.

    `workers_max`: simulations at one time, one process and one thread each. `process_memory_max_mb`: where a process is killed.
    `statevector_memory_max_mb`: what a simulation may need by estimate; below the former, for there is more in a process.
    `simulator_target`: what the simulator lane simulates, `exact` for an ideal machine or a device whose snapshot
    qiskit-ibm-runtime carries, as `fake_sherbrooke`: its couplings, its gates, its noise.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    workers_max: Annotated[int, Field(ge=1, le=256)] = 1
    process_memory_max_mb: Annotated[int, Field(ge=512)] = 4096
    statevector_memory_max_mb: Annotated[int, Field(ge=1)] = 3072
    qubits_interactive_max: Qubits = 20
    """The largest circuit that is simulated for the interactive tier."""
    qubits_batch_max: Qubits = 24
    """The same for the batch tier."""
    qubits_scheduled_max: Qubits = 26
    """The same for the scheduled tier."""
    grace_s: Annotated[float, Field(gt=0)] = 5.0
    """How long past its budget a process may take to end."""
    joined_max: Annotated[int, Field(ge=1, le=256)] = 64
    """How many jobs whose circuits have the same size, and that wait at the same time, run together on the ideal simulator:
    those of one structure in one execution. 1 for none.
    """
    simulator_target: str = EXACT
    providers: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*(,[a-z][a-z0-9_-]*)*$")] = "aer"
    """The providers that are used, by the names of their entry points, parted by commas. Of the backends of a lane the first
    that has room for the circuit runs it, in this order.
    """
    credentials: DirectoryPath | None = None
    """A folder with short-lived credentials of providers, each in a file that is named as its variable (QISKIT_IBM_TOKEN): what
    is written anew there is used within seconds, without a restart.
    """
    vault_url: Annotated[str, AfterValidator(_vault_url)] = ""
    """Where a Vault is that leases or keeps credentials of providers, as https://vault.example:8200. None where it is empty."""
    vault_reads: Annotated[str, AfterValidator(_vault_reads)] = ""
    """What is read there, as VARIABLE=path#field, parted by commas: QISKIT_IBM_TOKEN=secret/data/ibm#token. All of one path are
    read at once; what is leased is renewed, and had anew before it ends, without a restart.
    """
    vault_token_file: Path | None = None
    """A file with the token that Vault is entered with, kept by somebody else, such as an agent of Vault."""
    vault_role: Annotated[str, Field(max_length=255)] = ""
    """The role at Vault's auth method for Kubernetes, instead of such a file."""
    vault_jwt_file: Path = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
    """Who we are there: the token of the service account."""
    vault_mount: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", max_length=255)] = "kubernetes"
    """Where this auth method stands in Vault."""
    vault_namespace: Annotated[str, Field(max_length=255)] = ""
    """The namespace in Vault, where it has some."""
    vault_ca_file: FilePath | None = None
    """Certificates of who may sign that of Vault, instead of those of this machine."""
    regions: Annotated[str, AfterValidator(_regions_text)] = ""
    """Where the data of jobs may go that name no `regions` themselves, parted by commas, such as `eu,us-east`; `local`:
    nowhere. Anywhere where it is empty.
    """
    status_interval_s: Annotated[float, Field(gt=0, le=240)] = 60.0
    """How often the backends are reported."""
    follow_interval_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    """How often what was handed in at providers that charge is looked after; only where one is used."""
    sign_interval_s: Annotated[float, Field(gt=0, le=300)] = 15.0
    """How soon an attempt that waits at a provider gives its next sign of life; ever more rarely the longer it waits."""
    lease_s: Annotated[float, Field(ge=1, le=600)] = 30.0
    """How long a process that carries on a kept attempt may be silent before another one takes over."""
    kept_days: Annotated[float, Field(ge=8, le=3650)] = 30.0
    """How long submissions and attempts stay in the ledger after their end; longer than any job is open."""

    templates: str = ""
    """A folder of questions whose circuits are compiled at the start, in the background: JSON files with `problem`, and `lane`,
    `tier` and `params` where they matter. None where it is empty.
    """
    probed: Annotated[str, Field(pattern=r"^$|^[^,\s]+(,[^,\s]+)*$")] = ""
    """The backends at providers that are probed, by their names, parted by commas: one small circuit each period, which is paid
    for like any other, and from which is told whether they drift. None where it is empty.
    """
    probe_interval_s: Annotated[float, Field(ge=600, le=7 * 86_400)] = 3600.0
    """How often; the same for all adapters, which share the probes."""
    probe_shots: Annotated[int, Field(ge=50, le=10_000)] = 500
    """How many runs a probe has."""

    keep_artifacts: Literal["paid", "all"] = "paid"
    """Of which attempts what ran and what came of it are kept, where QUEUEBIT_ARTIFACTS names a place: of those that are paid
    for, or of simulators too. A job that says artifacts=true has it in any case.
    """

    @field_validator("simulator_target")
    @classmethod
    def _target_is_known(cls, name: str) -> str:
        if name != EXACT:
            try:
                snapshot_of(name)
            except UnknownTarget as error:
                raise ValueError(f"{error.detail} {error.remedy}") from error
        return name

    @model_validator(mode="after")
    def _memory_fits(self) -> AdapterSettings:
        if self.statevector_memory_max_mb > self.process_memory_max_mb:
            raise ValueError("STATEVECTOR_MEMORY_MAX_MB should not exceed PROCESS_MEMORY_MAX_MB")
        return self

    @model_validator(mode="after")
    def _vault_is_whole(self) -> AdapterSettings:
        if bool(self.vault_url) != bool(self.vault_reads):
            raise ValueError("VAULT_URL and VAULT_READS should both be set, or neither")
        if self.vault_url and (self.vault_token_file is None) == (not self.vault_role):
            raise ValueError("Vault is entered with VAULT_TOKEN_FILE or with VAULT_ROLE: one of them should be set")
        return self

    @property
    def vault(self) -> VaultAccess | None:
        """The Vault that has credentials; None where none is named."""
        if not self.vault_url:
            return None
        token = self.vault_token_file
        entry = (
            KubernetesLogin(self.vault_role, self.vault_jwt_file, self.vault_mount)
            if token is None
            else TokenFile(token)
        )
        wanted = wanted_in(self.vault_reads)
        return VaultAccess(self.vault_url, entry, wanted, self.vault_namespace, self.vault_ca_file)

    @property
    def provider_names(self) -> tuple[str, ...]:
        """The providers in the order of preference."""
        return tuple(dict.fromkeys(self.providers.split(",")))

    @property
    def allowed_regions(self) -> Regions | None:
        """Where jobs may go that name no regions; None for anywhere."""
        return regions_in(self.regions) if self.regions else None

    @property
    def probes(self) -> Probes:
        """Which backends are probed, and how."""
        return Probes(frozenset(filter(None, self.probed.split(","))), self.probe_interval_s, self.probe_shots)

    @property
    def setup(self) -> Setup:
        """What providers are told."""
        return Setup(self.limits, self.simulator_target)

    @property
    def snapshot(self) -> Snapshot | None:
        """The device whose noise is simulated, or None where the simulator is exact."""
        return None if self.simulator_target == EXACT else snapshot_of(self.simulator_target)

    @property
    def limits(self) -> Limits:
        """The bounds as the pipeline takes them."""
        return Limits(
            qubits_max={
                "interactive": self.qubits_interactive_max,
                "batch": self.qubits_batch_max,
                "scheduled": self.qubits_scheduled_max,
            },
            memory_bytes_max=self.statevector_memory_max_mb * MIB,
        )
