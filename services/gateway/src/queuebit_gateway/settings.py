"""What an operator may set for the gateway, besides what every service has."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from queuebit_runtime.settings import RuntimeSettings


class GatewaySettings(RuntimeSettings):
    """`http_host` and `http_port`: where it listens. `pepper`: the secret that API keys are hashed with; with another one, no
    key opens any more, and cursors of before are refused. It has no default, so that none can be forgotten in production.
    """

    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    pepper: Annotated[SecretStr, Field(min_length=16)]
