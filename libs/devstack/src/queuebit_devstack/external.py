"""What the environment says of a stack: where its data lies, and which servers run already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from queuebit_devstack.errors import DevstackError
from queuebit_runtime.access.settings import KafkaAccess, access_from
from queuebit_runtime.service.settings import complaints

DATA_DIR_DEFAULT = ".queuebit"


def default_data_dir(environ: Mapping[str, str] | None = None) -> Path:
    """QUEUEBIT_DATA, else `.queuebit` in the current folder."""
    environ = os.environ if environ is None else environ
    return Path(environ.get("QUEUEBIT_DATA") or DATA_DIR_DEFAULT).expanduser().resolve()


@dataclass(frozen=True, slots=True)
class External:
    """Servers that run already and are taken as they are: how to reach Kafka, a PostgreSQL URL."""

    kafka: KafkaAccess | None = None
    postgres: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> External:
        """Read QUEUEBIT_KAFKA, with what belongs to it, and QUEUEBIT_POSTGRES. Raises `DevstackError`."""
        environ = os.environ if environ is None else environ
        try:
            kafka = access_from(environ) if environ.get("QUEUEBIT_KAFKA") else None
        except ValidationError as error:
            raise DevstackError(f"A setting is wrong: {complaints(error)}") from None
        return cls(kafka, environ.get("QUEUEBIT_POSTGRES") or None)
