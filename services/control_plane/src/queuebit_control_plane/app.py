"""The control plane as one piece, on whatever ports it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from queuebit_contracts.writing import TODAY, Writing
from queuebit_control_plane.handler import CommandHandler
from queuebit_control_plane.holding.gatekeeper import Gatekeeper
from queuebit_control_plane.holding.releaser import Releaser
from queuebit_control_plane.inbound.admission import Intake
from queuebit_control_plane.inbound.backend_reports import ReportListener
from queuebit_control_plane.inbound.planning import nowhere
from queuebit_control_plane.inbound.subscriptions import GROUP, Consumer
from queuebit_control_plane.inbound.superseding import Superseded
from queuebit_control_plane.inbound.tenants import Tenants
from queuebit_control_plane.money.facts import BudgetFacts
from queuebit_control_plane.money.settler import Settler
from queuebit_control_plane.money.treasurer import Treasurer
from queuebit_control_plane.partitions import PartitionKeeper
from queuebit_control_plane.paths.board import PathBoard
from queuebit_control_plane.paths.keeper import PathKeeper
from queuebit_control_plane.policies import PolicyKeeper
from queuebit_control_plane.projections import ProjectionKeeper
from queuebit_control_plane.relay.lead import Lead
from queuebit_control_plane.relay.relay import CURSOR, LEASE, Relay
from queuebit_control_plane.relay.watch import Watch
from queuebit_control_plane.release.waker import Waker
from queuebit_control_plane.timers import Timers
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.release.shares import Shares
from queuebit_runtime.bus.port import Bus
from queuebit_runtime.clock import Clock
from queuebit_runtime.processes.bounded_work import BoundedWork, inline
from queuebit_runtime.service.readiness import Readiness
from queuebit_runtime.service.supervision import Run, run_supervised
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_store.backends.port import BackendReports
from queuebit_store.budgets.port import Budgets
from queuebit_store.diagnosis.port import Diagnosis
from queuebit_store.leadership.port import Leadership
from queuebit_store.partitions.port import Partitions
from queuebit_store.ports import Directory, OrderedReaderCursors, StreamStore
from queuebit_store.projections.port import Projections


class Store(
    StreamStore,
    OrderedReaderCursors,
    Directory,
    Leadership,
    Diagnosis,
    Partitions,
    Projections,
    BackendReports,
    Budgets,
    Protocol,
):
    """Everything that the control plane keeps."""


class ControlPlane:
    """Subscribes on construction. Relay, timers, releaser, settler, projections and the keepers of partitions and paths run
    beside it until told to stop.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        clock: Clock,
        telemetry: Telemetry = SILENT,
        *,
        holder: str,
        work: BoundedWork | None = None,
        writing: Writing = TODAY,
        shares: Shares | None = None,
        projections_share: float = 0.01,
        demanded_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`holder`: who takes the lead; new at each start of a process. `work` admits what takes more than a moment; absent, in
        the caller. `writing`: in which version events are written. `shares`: how much of each lane tenants may have out;
        absent, all goes out at once. `projections_share`: of the time, for projections under load. `demanded_s`: how long the
        process has computed so far, or would have.
        """
        self._clock = clock
        self.readiness = Readiness(clock)
        lead = Lead(store, clock, name=LEASE, holder=holder)
        self.relay = Relay(store, bus, clock, lead, telemetry=telemetry)
        self.watch = Watch(store, lead, clock, cursor=CURSOR, telemetry=telemetry)
        self.lanes = Lanes()
        gatekeeper = Gatekeeper(store, self.lanes, clock)
        treasurer = Treasurer(store, self.lanes, clock)
        self.handler = CommandHandler(
            store,
            clock,
            appended=self.relay.wake,
            gate=gatekeeper.gate,
            treasurer=treasurer,
            shares=shares,
            writing=writing,
            telemetry=telemetry,
        )
        self.settler = Settler(store, self.handler, lead, clock)
        self.releaser = Releaser(store, self.handler, gatekeeper, lead, clock, turns=shares is not None)
        self.waker = None if shares is None else Waker(store, self.handler, shares, lead, clock, telemetry)
        self.timers = Timers(store, self.handler, clock)
        self.partitions = PartitionKeeper(store, clock)
        self.projections = ProjectionKeeper(
            store, clock, holder=holder, share=projections_share, telemetry=telemetry, demanded_s=demanded_s
        )
        self.policies = PolicyKeeper(store, clock)
        self.board = PathBoard(store, self.lanes, shares)
        self.paths = PathKeeper(store, self.board, lead, clock)
        sources = (BudgetFacts(treasurer),)
        intake = Intake(
            store,
            Tenants(store),
            self.lanes,
            self.policies.policy,
            sources,
            paths=self.board,
            relieved=nowhere if shares is None else shares.relieved,
        )
        Consumer(bus, self.handler, intake, self.lanes, clock, work or inline(), Superseded(store, clock)).subscribe()
        ReportListener(bus, self.lanes, store, clock).subscribe(GROUP)

    async def run(self, stop: asyncio.Event) -> None:
        """All until `stop`; one that fails is run again, and the others go on."""
        await asyncio.gather(
            self._supervised("relay", self.relay.run, stop),
            self._supervised("timers", self.timers.run, stop),
            self._supervised("releaser", self.releaser.run, stop),
            *([] if self.waker is None else [self._supervised("waker", self.waker.run, stop)]),
            self._supervised("settler", self.settler.run, stop),
            self._supervised("partitions", self.partitions.run, stop),
            self._supervised("projections", self.projections.run, stop),
            self._supervised("paths", self.paths.run, stop),
        )

    async def _supervised(self, name: str, run: Run, stop: asyncio.Event) -> None:
        await run_supervised(name, run, stop, clock=self._clock, readiness=self.readiness, fraction=lambda: 0.5)
