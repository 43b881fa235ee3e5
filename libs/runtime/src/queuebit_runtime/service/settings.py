"""What an operator may set for every service: environment variables that begin with QUEUEBIT_."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from queuebit_runtime.access.settings import Codec, KafkaAccess
from queuebit_runtime.service.insecure import complaint_in

TelemetryMode = Literal["off", "console", "otlp"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


def listed(value: Any) -> Any:
    """The parts of a text with commas."""
    if not isinstance(value, str):
        return value
    return tuple(part for part in (each.strip() for each in value.split(",")) if part)


def default_worker_name() -> str:
    """The host and the process: unique where it matters, and of use to whoever reads it."""
    return f"{socket.gethostname()}-{os.getpid()}"


class RuntimeSettings(KafkaAccess, BaseSettings):
    """Shared by all services."""

    model_config = SettingsConfigDict(
        env_prefix="QUEUEBIT_", frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    kafka_compression: Codec = "zstd"
    """How records that only our services read are packed."""
    kafka_compression_public: Codec = "gzip"
    """How records for downstream services are packed: clients of every language read gzip and none without additions."""
    postgres: Annotated[str | None, Field(repr=False)] = None
    """The database, postgresql://user:password@host:port/name; gateway and control-plane need it."""
    master_key_file: Path | None = None
    """The keys that wrap those of tenants, NAME:BASE64 a line, the one for what is new first: with it jobs may name whose data
    they hold, and that data is sealed. Gateway, workers and validator need it, and QUEUEBIT_POSTGRES."""
    namespace: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9_-]{0,62})?$")] = ""
    """Stands before every topic, group and schema, so that stacks can share servers."""
    environment: str = "local"
    """What logs and telemetry call this installation. Unless it is local, dev, test or trial (or begins so, as dev-anna),
    nothing is said in clear to another machine, and no secret may be one that can be guessed."""
    plaintext: Annotated[tuple[Literal["kafka", "postgres"], ...], NoDecode, BeforeValidator(listed)] = ()
    """Servers, parted by commas, that may be spoken to in clear all the same, since the network itself encrypts."""
    worker_name: str = Field(default_factory=default_worker_name)
    """What events, logs and the store call this process."""
    group_instance: str | None = None
    """Makes group membership static; must be unique among the running instances of a service."""
    group_instance_waits: bool = False
    """Whether a start waits until the instance id is free, instead of putting out whoever has it: of a service that ended with
    9 and is started again."""
    session_timeout_s: Annotated[float, Field(ge=6, le=300)] = 30.0
    """After so long without a sign of life the work of an instance that was killed goes to others."""
    publish_timeout_s: Annotated[float, Field(ge=1, le=300)] = 10.0
    """What Kafka has not acknowledged by then counts as not published; it may be there all the same."""
    health_host: str = "127.0.0.1"
    """The address that the health server listens at."""
    health_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Where health, readiness and metrics are served; none, no such server; 0, any free port."""
    log_level: LogLevel = "INFO"
    """The least that is logged."""
    log_format: Literal["json", "text"] = "json"
    """One JSON document a line, or text for people."""
    telemetry: TelemetryMode = "off"
    """Where traces and metrics go; see also the standard OTEL_EXPORTER_OTLP_*."""
    trace_ratio: Annotated[float, Field(ge=0, le=1)] = 0.01
    """The share of new traces that are kept while telemetry is on."""
    metrics_interval_s: Annotated[float, Field(gt=0)] = 15.0
    """How often metrics are sent."""
    start_timeout_s: Annotated[float, Field(gt=0)] = 60.0
    """A service that cannot work by then ends with an error."""
    drain_s: Annotated[float, Field(ge=0)] = 10.0
    """How long a service that is asked to end waits for what is in flight."""

    @model_validator(mode="after")
    def _is_secure(self) -> Self:
        found = complaint_in(self.environment, self.plaintext, self.kafka, self.kafka_security_protocol, self.postgres)
        if found is not None:
            raise ValueError(found)
        return self


EXIT_USAGE = 2


def refuse_settings(service: str, error: ValidationError, prefix: str = "QUEUEBIT_") -> int:
    """Name each wrong variable on standard error; returns the exit code."""
    sys.stderr.write(f"{service}: a setting is wrong: {complaints(error, prefix)}\n")
    return EXIT_USAGE


def complaints(error: ValidationError, prefix: str = "QUEUEBIT_") -> str:
    """What is wrong with which variable."""
    return "; ".join(_complaint(each["loc"], each["msg"], prefix) for each in error.errors())


def _complaint(place: tuple[int | str, ...], message: str, prefix: str) -> str:
    """What concerns several variables names them itself."""
    if not place:
        return message.removeprefix("Value error, ")
    return f"{prefix}{'_'.join(map(str, place)).upper()}: {message}"
