"""The life of a service: settings, logs, health, what it needs, start, ready, drain, stop, and an exit code that says why."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from pydantic import ValidationError

from queuebit_runtime.bus.port import Bus, HostedBus, InstanceTaken
from queuebit_runtime.clock import Clock, SystemClock
from queuebit_runtime.errors import DependencyUnavailable, ShellError
from queuebit_runtime.ids import Ids, SystemIds, fresh_random
from queuebit_runtime.retry import FOR_START
from queuebit_runtime.service.health import HealthServer, live_page, metrics_page, ready_page
from queuebit_runtime.service.interpreter import calm_collector, loop_factory, plain_reads
from queuebit_runtime.service.readiness import Probe, Readiness, Reason
from queuebit_runtime.service.settings import EXIT_USAGE as EXIT_USAGE
from queuebit_runtime.service.settings import RuntimeSettings, refuse_settings
from queuebit_runtime.service.supervision import Run, run_guarded, run_supervised
from queuebit_runtime.telemetry.logs import setup_logs
from queuebit_runtime.telemetry.make import make_telemetry
from queuebit_runtime.telemetry.meters import Show
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import Telemetry
from queuebit_runtime.waiting import end_task, wait_event

T = TypeVar("T")

EXIT_CLEAN = 0
EXIT_CRASH = 1
EXIT_UNAVAILABLE = 8
EXIT_TAKEN = 9
WATCH_INTERVAL_S = 1.0

_log = logging.getLogger(__name__)


class Service:
    """What a builder wires a service from. `bus` is not started before the builder returns: subscribe freely."""

    def __init__(
        self,
        name: str,
        settings: RuntimeSettings,
        bus: HostedBus,
        clock: Clock,
        ids: Ids,
        telemetry: Telemetry,
        *,
        fraction: Callable[[], float] = lambda: 0.5,
    ) -> None:
        """`fraction` gives the jitter of pauses."""
        self.name = name
        self.settings = settings
        self.bus: Bus = bus
        self._hosted = bus
        self.clock = clock
        self.ids = ids
        self.telemetry = telemetry
        self.ready = False
        self._fraction = fraction
        self.readiness = Readiness(clock)
        self.readiness.check("kafka", bus.probe)
        self._not_running = Reason("starting", f"{name} is starting.", since=clock.now())
        self._runs: list[tuple[str, Run, bool]] = []
        self._shows: list[Show] = []
        self._drains: list[Callable[[float], Awaitable[None]]] = []
        self._closes: list[Callable[[], Awaitable[None]]] = []
        self._tasks: list[asyncio.Task[object]] = []
        self._stop = asyncio.Event()

    def task(self, name: str, run: Run, *, restarts: bool = True) -> None:
        """Run this beside the bus, from when the bus has started until `stop` is set.

        Where it fails or ends before, it is run again after a pause, and readiness tells it meanwhile; without `restarts` that
        is a crash of the service.
        """
        self._runs.append((name, run, restarts))

    def check(self, name: str, probe: Probe) -> None:
        """Ask this each second while the service runs: what it answers stands in the way of readiness, or is a warning."""
        self.readiness.check(name, probe)

    def gauge(self, show: Show) -> None:
        """Call this each second while anybody listens: it shows gauges as they are now."""
        self._shows.append(show)

    def on_drain(self, drain: Callable[[float], Awaitable[None]]) -> None:
        """Call this with the seconds that are left, before the bus stops. The last one added is called first."""
        self._drains.append(drain)

    def on_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Call this after the bus has stopped. The last one added is called first."""
        self._closes.append(close)

    def stop(self) -> None:
        """Ask the service to end in good order."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    async def wait_for(
        self,
        what: str,
        attempt: Callable[[], Awaitable[T]],
        *,
        remedy: str,
        transient: tuple[type[Exception], ...] = (OSError, TimeoutError),
    ) -> T:
        """Try until it works, at most `start_timeout_s` seconds in all.

        Tried again: errors of the classes `transient`, and our own that say of themselves that they are. Raises
        DependencyUnavailable at the end of the time.
        """
        deadline = self.clock.monotonic_s() + self.settings.start_timeout_s
        number = 0
        while True:
            try:
                return await attempt()
            except Exception as error:
                ours = error if isinstance(error, ShellError) else None
                remedy = (ours and ours.remedy) or remedy
                if not isinstance(error, transient) and not (ours and ours.transient):
                    if ours and ours.remedy:
                        raise DependencyUnavailable(f"{what} cannot be used: {error}", remedy=ours.remedy) from error
                    raise
                number += 1
                delay_s = FOR_START.delay_s(number, 1.0) or FOR_START.ceiling_s
                if self.clock.monotonic_s() + delay_s > deadline or self._stop.is_set():
                    raise DependencyUnavailable(f"{what} cannot be used: {error}", remedy=remedy) from error
                _log.info("Waiting for %s: %s", what, error)
                self._not_running = replace(self._not_running, detail=f"{self.name} waits for {what}.")
                await wait_event(self._stop, self.clock, delay_s)

    def alive(self) -> bool:
        """Whether no restart is needed: the bus is not stuck and no task has ended."""
        return not self.ready or (self._hosted.stuck() is None and not any(task.done() for task in self._tasks))

    def serving(self) -> bool:
        """Whether work can flow through the process now."""
        return not self.reasons()

    def reasons(self) -> tuple[Reason, ...]:
        """Why no work can flow through the process now; empty where it can."""
        if not self.ready:
            return (self._not_running,)
        moves = self._hosted.healthy()
        self.readiness.settle("bus", None if moves else Reason("not_consuming", _NOT_CONSUMING))
        return self.readiness.reasons

    async def run(self) -> None:
        """Start what was wired, and return when it was asked to end. Raises what crashed."""
        plain_reads()
        calm_collector()
        await self.wait_for("Kafka", self.bus.start, remedy=_KAFKA_REMEDY)
        for name, run, restarts in self._runs:
            self._tasks.append(asyncio.create_task(self._guard(name, run, restarts), name=name))
        self._tasks.append(asyncio.create_task(self._watch(), name="watch"))
        self._tasks.append(asyncio.create_task(self.readiness.watch(self._stop), name="readiness"))
        self.ready = True
        _log.info("%s is ready", self.name)
        stopped = asyncio.create_task(self._stop.wait())
        try:
            done, _ = await asyncio.wait((stopped, *self._tasks), return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            self.ready = False
            self._not_running = Reason("stopping", f"{self.name} is stopping.", since=self.clock.now())
            await end_task(stopped)

    async def end(self, drain_s: float) -> None:
        """Drain, stop and close everything, as far as it came."""
        self._stop.set()
        deadline = self.clock.monotonic_s() + drain_s
        for drain in reversed(self._drains):
            await _quietly(drain(max(0.0, deadline - self.clock.monotonic_s())))
        await _quietly(self.bus.stop(max(1.0, deadline - self.clock.monotonic_s())))
        for task in self._tasks:
            await end_task(task)
        for close in reversed(self._closes):
            await _quietly(close())
        await _quietly(self.telemetry.close())

    async def _guard(self, name: str, run: Run, restarts: bool) -> None:
        if not restarts:
            await run_guarded(name, run, self._stop)
            return
        await run_supervised(name, run, self._stop, clock=self.clock, readiness=self.readiness, fraction=self._fraction)

    async def _watch(self) -> None:
        """A bus that stands still is restarted with the process. Gauges are shown as they are."""
        while not await wait_event(self._stop, self.clock, WATCH_INTERVAL_S):
            if (error := self._hosted.stuck()) is not None:
                raise error
            if self.telemetry.on:
                self._show_gauges()

    def _show_gauges(self) -> None:
        try:
            self.telemetry.show(Metric.NOT_READY, {(each.code,): 1.0 for each in self.reasons()})
            for metric, found in ((Metric.LAG, self._hosted.lags()), (Metric.UNREAD_GONE, self._hosted.gone())):
                self.telemetry.show(metric, {place: float(count) for place, count in found.items()})
            for show in self._shows:
                show()
        except Exception:
            _log.exception("A gauge cannot be shown.")


Build = Callable[[Service], Awaitable[None]]

_NOT_CONSUMING = "Nothing that is read gets done: the log names the group, and the handler or partition at fault."
_KAFKA_REMEDY = "Start it (`queuebit up`), or set QUEUEBIT_KAFKA to host:port of a running broker."


def run_service(name: str, build: Build, settings: RuntimeSettings | None = None) -> int:
    """Run a service until SIGTERM or SIGINT, and return the exit code: 0 it ended in good order, 1 it crashed, 2 a setting is
    wrong, 8 something that it needs does not answer, 9 another live process has its group instance id.
    """
    try:
        found = settings or RuntimeSettings()
    except ValidationError as error:
        return refuse_settings(name, error)
    setup_logs(name, found.environment, found.log_level, found.log_format)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_live(name, build, found))


async def _live(name: str, build: Build, settings: RuntimeSettings) -> int:
    clock = SystemClock()
    telemetry = make_telemetry(name, settings, clock)
    bus = telemetry.bus(_kafka(name, settings, clock))
    service = Service(name, settings, bus, clock, SystemIds(clock), telemetry, fraction=fresh_random().random)
    health = HealthServer(
        {
            "/live": lambda _: live_page(service.alive()),
            "/ready": lambda _: ready_page(service.reasons(), service.readiness.warnings),
            "/metrics": lambda accept: metrics_page(lambda examples: telemetry.text(examples=examples), accept),
        }
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop)
    code, drain_s = EXIT_CLEAN, settings.drain_s
    try:
        if settings.health_port is not None:
            await health.start(settings.health_host, settings.health_port)
        await build(service)
        await service.run()
    except DependencyUnavailable as error:
        code, drain_s = EXIT_UNAVAILABLE, 0.0
        if service.stopping:
            code = EXIT_CLEAN
        else:
            _log.error("%s cannot start: %s %s", name, error, error.remedy)
    except InstanceTaken as error:
        code, drain_s = EXIT_TAKEN, 0.0
        _log.error("%s ends: %s", name, error)
    except Exception:
        code, drain_s = EXIT_CRASH, 1.0
        _log.exception("%s crashed", name)
    finally:
        await service.end(drain_s)
        await health.stop()
    _log.info("%s ended with code %d", name, code)
    return code


def _kafka(name: str, settings: RuntimeSettings, clock: Clock) -> HostedBus:
    from queuebit_runtime.bus.kafka.bus import KafkaBus
    from queuebit_runtime.bus.kafka.settings import KafkaSettings

    kafka = KafkaSettings(
        access=settings,
        namespace=settings.namespace,
        client_id=f"queuebit-{name}",
        group_instance_id=settings.group_instance,
        group_instance_waits=settings.group_instance_waits,
        session_timeout_s=settings.session_timeout_s,
        publish_timeout_s=settings.publish_timeout_s,
        compression=settings.kafka_compression,
        compression_public=settings.kafka_compression_public,
    )
    return KafkaBus(kafka, clock=clock, fraction=fresh_random().random)


async def _quietly(step: Awaitable[object]) -> None:
    """One step of the end must not keep the others from theirs."""
    try:
        await step
    except Exception:
        _log.exception("A step of the end failed.")
