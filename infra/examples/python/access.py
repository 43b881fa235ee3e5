"""How to reach Kafka: the settings of confluent-kafka from a file as `queuebit status` names it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAMES = {
    "bootstrap_servers": "bootstrap.servers",
    "security_protocol": "security.protocol",
    "sasl_mechanism": "sasl.mechanism",
    "sasl_plain_username": "sasl.username",
    "sasl_plain_password": "sasl.password",
    "ssl_cafile": "ssl.ca.location",
}


def kafka_settings(path: str) -> dict[str, Any]:
    """Read the file."""
    found = json.loads(Path(path).read_text())
    return {theirs: found[ours] for ours, theirs in NAMES.items() if ours in found}
