"""Traces and metrics behind one small port: off, it is nothing at all and the SDK is not even imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from queuebit_runtime.bus import Bus
from queuebit_runtime.metrics import Metric
from queuebit_runtime.settings import RuntimeSettings
from queuebit_runtime.tracecontext import fresh_traceparent


class Telemetry(Protocol):
    """What a service may say about itself."""

    def bus(self, bus: Bus) -> Bus:
        """The bus with a span for each record of a kept trace, and with its metrics; the same bus where telemetry is off."""
        ...

    def count(self, metric: Metric, amount: int = 1, labels: Mapping[str, str] | None = None) -> None: ...

    def observe(self, metric: Metric, value: float, labels: Mapping[str, str] | None = None) -> None: ...

    def traceparent(self, fresh: UUID) -> str | None:
        """A new trace for what enters here without one; None where telemetry is off."""
        ...

    async def close(self) -> None:
        """Send what is left."""
        ...


class NoTelemetry:
    """Says nothing."""

    def bus(self, bus: Bus) -> Bus:
        return bus

    def count(self, metric: Metric, amount: int = 1, labels: Mapping[str, str] | None = None) -> None:  # noqa: ARG002
        return

    def observe(self, metric: Metric, value: float, labels: Mapping[str, str] | None = None) -> None:  # noqa: ARG002
        return

    def traceparent(self, fresh: UUID) -> str | None:  # noqa: ARG002
        return None

    async def close(self) -> None:
        return


def make_telemetry(service: str, settings: RuntimeSettings) -> Telemetry:
    """As QUEUEBIT_TELEMETRY says: off, console, or otlp by the standard OTEL_EXPORTER_OTLP_* variables."""
    if settings.telemetry == "off":
        return NoTelemetry()
    from queuebit_runtime.telemetry_otel import OtelTelemetry

    return OtelTelemetry(service, settings)


__all__ = ["NoTelemetry", "Telemetry", "fresh_traceparent", "make_telemetry"]
