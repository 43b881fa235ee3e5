"""Which telemetry a service has: the settings say."""

from __future__ import annotations

from queuebit_runtime.clock import Clock
from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_runtime.telemetry.local import LocalTelemetry
from queuebit_runtime.telemetry.port import NoTelemetry, Telemetry


def make_telemetry(service: str, settings: RuntimeSettings, clock: Clock) -> Telemetry:
    """As QUEUEBIT_TELEMETRY says: off, console, or otlp by the standard OTEL_EXPORTER_OTLP_* variables. Where it is off and
    there is a health port, the metrics are there all the same.
    """
    if settings.telemetry == "off":
        return NoTelemetry() if settings.health_port is None else LocalTelemetry(clock)
    from queuebit_runtime.telemetry.otel import OtelTelemetry

    return OtelTelemetry(service, settings, clock=clock)
