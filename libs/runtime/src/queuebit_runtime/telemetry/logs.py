"""Logs as JSON, one object a line, on standard error.

What is given with `extra=` stands beside the message; payloads never do.
"""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

import orjson

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}
_INPUT = re.compile(r"\binput_value=.*(?=, input_type=)")
_QUIET = ("aiokafka", "asyncio", "faststream", "urllib3", "opentelemetry")


class JsonFormatter(logging.Formatter):
    """`time`, `level`, `logger`, `message`, `service`, `environment`, then what was given: `job_id`, `tenant`, …"""

    def __init__(self, service: str, environment: str) -> None:
        super().__init__()
        self._constant = {"service": service, "environment": environment}

    def format(self, record: logging.LogRecord) -> str:
        document: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._constant,
        }
        document.update((name, value) for name, value in record.__dict__.items() if name not in _STANDARD)
        if record.exc_info:
            document["error"] = self.formatException(record.exc_info)
        return orjson.dumps(document, default=str, option=orjson.OPT_NON_STR_KEYS).decode()

    def formatException(self, ei: _ExcInfo) -> str:
        """The traceback, without the input that a validation error repeats."""
        return _INPUT.sub("input_value=…", super().formatException(ei))


def setup_logs(service: str, environment: str, level: str, form: Literal["json", "text"]) -> None:
    """Send all logs of this process to standard error. Libraries below speak only when something is wrong."""
    handler = logging.StreamHandler(sys.stderr)
    if form == "json":
        handler.setFormatter(JsonFormatter(service, environment))
    else:
        handler.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)-7s {service} %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
