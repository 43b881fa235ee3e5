"""Wires the validator."""

from __future__ import annotations

from queuebit_result_validation.consumer import SERVICE, Validator
from queuebit_result_validation.settings import ValidationSettings
from queuebit_runtime.bus import Bus
from queuebit_runtime.clock import Clock
from queuebit_runtime.service import Service, run_service


def build_validator(bus: Bus, clock: Clock, settings: ValidationSettings) -> Validator:
    """The validator over these ports, subscribed."""
    validator = Validator(bus, clock, inline_bytes_max=settings.inline_bytes_max)
    validator.subscribe(batch_max=settings.batch_max, in_flight_max=settings.in_flight_max)
    return validator


async def build(service: Service) -> None:
    """The validator as a service of its own."""
    build_validator(service.bus, service.clock, ValidationSettings())


def main() -> int:
    """Run until it is asked to end; the exit code says how it ended."""
    return run_service(SERVICE, build)
