"""The quantum adapter as one piece, on whatever bus and pool it is given."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from queuebit_contracts.channels import queued
from queuebit_contracts.jobs import TIERS
from queuebit_quantum_adapter.backends.conditions import Described
from queuebit_quantum_adapter.backends.discovery import discover, without_ledger
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.backends.status import BackendReporter
from queuebit_quantum_adapter.backends.targets import Targets
from queuebit_quantum_adapter.shell.accounts import Accountant
from queuebit_quantum_adapter.shell.conductor import Conductor
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.joiner import OrderJoiner
from queuebit_quantum_adapter.shell.keeper import OrderKeeper
from queuebit_quantum_adapter.shell.settings import AdapterSettings
from queuebit_quantum_adapter.shell.stepping import Pace
from queuebit_quantum_adapter.shell.templates import Precompiler
from queuebit_quantum_adapter.submissions.follower import Follower
from queuebit_quantum_adapter.submissions.ledger import OpenLedger, open_ledger
from queuebit_quantum_adapter.submissions.probing import Prober
from queuebit_runtime.bus.port import Bus
from queuebit_runtime.clock import Clock
from queuebit_runtime.ids import Ids
from queuebit_runtime.processes.hops import AnyHop
from queuebit_runtime.processes.pool import Pool
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_runtime.worker.opening import Keyring
from queuebit_runtime.worker.shell import WorkShell

DESCRIBE = "queuebit_quantum_adapter.shell.child:describe"
DESCRIBE_TIMEOUT_S = 60.0
TOPICS = tuple(queued("quantum", tier) for tier in TIERS)
GROUP = "quantum-adapter"
DAY_S = 86_400.0
_log = logging.getLogger(__name__)
WARM_MODULES = ("queuebit_quantum_adapter.shell.child",)
"""What a worker process imports before it has a task, so that an attempt's time is not spent on it."""


class QuantumAdapter:
    """Subscribes on construction; `run` reports the backends until told to stop."""

    def __init__(
        self,
        bus: Bus,
        pool: Pool,
        clock: Clock,
        ids: Ids,
        settings: AdapterSettings,
        *,
        worker_name: str,
        warm: bool,
        hop: AnyHop = asyncio.to_thread,
        telemetry: Telemetry = SILENT,
        follow_pool: Pool | None = None,
        open_kept: OpenLedger = open_ledger,
        no_ledger: str | None = None,
        ring: Keyring | None = None,
    ) -> None:
        """`warm`: load the SDK into a worker process at the start, instead of when the first order comes. `hop` reads an order
        off the loop; a simulation passes one that calls directly. `follow_pool`: where submissions are followed that outlive
        their process; `pool` where it is None. `open_kept`: the ledger of those and of their attempts, opened only where a
        backend needs it. `no_ledger`: why there can be none, with the remedy; backends that need one are not used then.
        `ring` opens orders that are sealed.
        """
        backends = _configured(settings, no_ledger)
        self.follower = Follower(follow_pool or pool, backends.all(), clock, interval_s=settings.follow_interval_s)
        executor = QuantumExecutor(
            pool, backends, settings.limits, clock,
            worker=worker_name, grace_s=settings.grace_s, hop=hop,
            targets=Targets(settings.provider_names, settings.setup),
            keep_all=settings.keep_artifacts == "all", regions=settings.allowed_regions,
        )  # fmt: skip
        kept = [spec.name for spec in backends.all() if spec.durable]
        accountant = Accountant(bus, follow_pool or pool, clock, backends.all())
        self.conductor = Conductor(
            open_kept, bus, pool, executor, clock, _pace(settings), kept,
            owner=worker_name, hop=hop, accountant=accountant,
        )  # fmt: skip
        self._keeps = bool(kept)
        hurry, drop = self.conductor.hurry, self.conductor.abandon
        keeper = OrderKeeper(open_kept, executor, clock, hurry=hurry, drop=drop, hop=hop)
        self.shell = WorkShell(
            bus, executor,
            service="quantum-adapter", topics=TOPICS, group=GROUP, worker_name=worker_name, clock=clock,
            concurrency_max=settings.workers_max, hop=hop, telemetry=telemetry,
            keeper=keeper if self._keeps else None,
            joiner=OrderJoiner(executor, pool, settings.limits, clock, count_max=settings.joined_max),
            ring=ring,
        )  # fmt: skip
        self.prober = Prober(open_kept, backends.all(), clock, settings.probes, kept_s=settings.kept_days * DAY_S)
        self.precompiler = Precompiler(
            settings.templates, pool, executor, clock, ids, processes=settings.workers_max, hop=hop
        )
        self._telemetry = telemetry
        self.reporter = BackendReporter(
            bus, backends, clock, ids,
            probe=executor.warm if warm else None,
            look=partial(_described, follow_pool or pool) if warm else None,
            interval_s=settings.status_interval_s, drifts=self.prober.drifts, regions=settings.allowed_regions,
        )  # fmt: skip

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        await self.reporter.run(stop)

    async def follow(self, stop: asyncio.Event) -> None:
        """Look after what was handed in and outlives its process, until told to stop."""
        await self.follower.run(stop)
        await stop.wait()

    async def conduct(self, stop: asyncio.Event) -> None:
        """Carry on the attempts that wait for it, until told to stop."""
        if self._keeps:
            await self.conductor.run(stop)
        await stop.wait()

    async def probe(self, stop: asyncio.Event) -> None:
        """Hand in the standing probes of backends, until told to stop."""
        await self.prober.run(stop)

    async def compile(self, stop: asyncio.Event) -> None:
        """Compile the templates that are configured, then wait until told to stop."""
        await self.precompiler.run(stop)

    async def whole(self, stop: asyncio.Event) -> None:
        """All of it in one task, until told to stop."""
        await asyncio.gather(
            self.run(stop), self.follow(stop), self.conduct(stop), self.probe(stop), self.compile(stop)
        )

    def show(self) -> None:
        """Tell telemetry how long orders wait here, and what probes say."""
        self.shell.show_queue()
        drifts = self.prober.drifts()
        self._telemetry.show(Metric.BACKEND_DRIFT, {(name,): each.statistic for name, each in drifts.items()})

    async def stop(self, drain_s: float = 10.0) -> None:
        """Finish what runs, at most so long. The bus and the pool are stopped after by whoever made them."""
        await self.shell.stop(drain_s)


def _configured(settings: AdapterSettings, no_ledger: str | None) -> Backends:
    """The backends that can be used; what the others lack is logged."""
    found = discover(settings.provider_names, settings.setup)
    if no_ledger is not None:
        found = without_ledger(found, no_ledger)
    for fault in found.broken:
        _log.error("%s", fault)
    return Backends(found.specs, found.broken)


def _pace(settings: AdapterSettings) -> Pace:
    return Pace(
        settings.follow_interval_s,
        settings.sign_interval_s,
        settings.lease_s,
        steps_max=2 * settings.workers_max,
        kept_s=settings.kept_days * DAY_S,
    )


async def _described(pool: Pool, spec: BackendSpec) -> Described:
    """How a backend is now, asked in a process that may be killed. Raises AdapterError or PoolError."""
    found = await pool.run(DESCRIBE, spec, timeout_s=DESCRIBE_TIMEOUT_S)
    assert isinstance(found, Described)
    return found
