"""`python -m queuebit_runtime topics`: create the topics of the channel table on QUEUEBIT_KAFKA, under QUEUEBIT_NAMESPACE."""

from __future__ import annotations

import asyncio
import logging
import sys

from queuebit_runtime.errors import BusError, DependencyUnavailable
from queuebit_runtime.service import EXIT_CLEAN, EXIT_CRASH, EXIT_UNAVAILABLE, EXIT_USAGE
from queuebit_runtime.settings import RuntimeSettings
from queuebit_runtime.topics import ensure_topics


def main(argv: list[str]) -> int:
    if argv != ["topics"]:
        sys.stderr.write("Usage: python -m queuebit_runtime topics\n")
        return EXIT_USAGE
    settings = RuntimeSettings()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        created = asyncio.run(ensure_topics(settings.kafka, settings.namespace))
    except DependencyUnavailable as error:
        sys.stderr.write(f"{error}\n{error.remedy}\n")
        return EXIT_UNAVAILABLE
    except BusError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CRASH
    sys.stdout.write("".join(f"created {name}\n" for name in created) or "every topic is there\n")
    return EXIT_CLEAN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
