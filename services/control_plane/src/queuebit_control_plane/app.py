"""The control plane as one piece, on whatever ports it is given."""

from __future__ import annotations

import asyncio
from typing import Protocol

from queuebit_control_plane.alarm import Alarm
from queuebit_control_plane.consumer import Consumer
from queuebit_control_plane.desk import Desk
from queuebit_control_plane.intake import Intake
from queuebit_control_plane.lanes import Lanes
from queuebit_control_plane.relay import Relay
from queuebit_control_plane.tenants import Tenants
from queuebit_runtime.bus import Bus
from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry import SILENT, Telemetry
from queuebit_store.ports import Cursors, Directory, Leadership, StreamStore


class Store(StreamStore, Cursors, Directory, Leadership, Protocol):
    """Everything that the control plane keeps."""


class ControlPlane:
    """Subscribes on construction. The relay and the alarm run beside the bus, each until it is told to stop."""

    def __init__(self, store: Store, bus: Bus, clock: Clock, telemetry: Telemetry = SILENT) -> None:
        self.relay = Relay(store, bus, clock, telemetry=telemetry)
        self.desk = Desk(store, clock, appended=self.relay.wake, telemetry=telemetry)
        self.lanes = Lanes()
        self.alarm = Alarm(store, self.desk, clock)
        intake = Intake(store, Tenants(store), self.lanes)
        Consumer(bus, self.desk, intake, self.lanes, clock).subscribe()

    async def run(self, stop: asyncio.Event) -> None:
        """Both until `stop`; a failure of one ends the other and the whole."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.relay.run(stop), name="relay")
            tasks.create_task(self.alarm.run(stop), name="alarm")
