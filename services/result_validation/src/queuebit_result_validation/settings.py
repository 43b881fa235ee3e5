"""What an operator may set: environment variables that begin with QUEUEBIT_VALIDATION_."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "QUEUEBIT_VALIDATION_"


class ValidationSettings(BaseSettings):
    """The bounds of the validator.

    `batch_max`: records in one batch. `in_flight_max`: where reading pauses. `inline_bytes_max`: a larger record is checked in
    a thread, so that the event loop breathes.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    batch_max: Annotated[int, Field(ge=1, le=10_000)] = 500
    in_flight_max: Annotated[int, Field(ge=1)] = 2000
    inline_bytes_max: Annotated[int, Field(ge=0)] = 20_000
