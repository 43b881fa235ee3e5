"""What Java found out about the broker's classes in one run, kept with the Java of the wheel: later starts read that, not the
jars. Without it a broker starts more slowly. `python -m queuebit_devstack.class_cache` makes it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from queuebit_devstack.errors import DevstackError
from queuebit_devstack.external import External
from queuebit_devstack.jars import ensure_jars
from queuebit_devstack.java import Java, find_java
from queuebit_devstack.kafka import (
    CLASS_CACHE_JAVA_MIN,
    CLASSES_ALONE,
    READY_TIMEOUT_S,
    KafkaCluster,
    cache_file,
    plan_nodes,
    wait_kafka,
)
from queuebit_devstack.kafka_users import ADMIN
from queuebit_devstack.processes import end_processes

END_GRACE_S = 120.0
"""At its end Java writes the file, which takes longer than the run."""
ASKED_TO_END = 128 + signal.SIGTERM
"""How a Java ends that was asked to."""


async def ensure_class_cache(java: Java, jars: Sequence[Path]) -> Path | None:
    """Make it where it is missing, with a Java of this installation; None where there is none. Raises DevstackError."""
    kept = cache_file(java, jars)
    if kept is None or kept.exists():
        return kept
    if Path(sys.prefix) not in java.program.parents or not os.access(kept.parent, os.W_OK):
        return None
    fresh = kept.with_suffix(f".{os.getpid()}")
    with tempfile.TemporaryDirectory(prefix="queuebit-classes-") as folder:
        cluster = KafkaCluster(Path(folder), plan_nodes(Path(folder), 1), java, jars)
        await cluster.prepare()
        broker = cluster.spawn_node(cluster.nodes[0], f"-XX:AOTCacheOutput={fresh}", *CLASSES_ALONE)
        try:
            await wait_kafka(cluster.access(ADMIN), [broker], READY_TIMEOUT_S)
        finally:
            await asyncio.to_thread(end_processes, [broker.record], ask=signal.SIGTERM, grace_s=END_GRACE_S)
    if broker.exit_code() != ASKED_TO_END or not fresh.exists():
        fresh.unlink(missing_ok=True)
        return None
    fresh.replace(kept)
    return kept


def main() -> None:
    """Make it where brokers are started here. Nothing depends on it: why it could not be made is said, and that is all."""
    try:
        if External.from_env().kafka is not None:
            return
        java = find_java()
        if java.major < CLASS_CACHE_JAVA_MIN:
            why = f"Java {java.major} keeps nothing of classes, version {CLASS_CACHE_JAVA_MIN} does."
        elif asyncio.run(ensure_class_cache(java, ensure_jars())) is None:
            why = f"{java.program} is not of this installation, or wrote nothing."
        else:
            return
    except (DevstackError, OSError, ExceptionGroup) as error:
        why = str(error.exceptions[0] if isinstance(error, ExceptionGroup) else error)
    sys.stderr.write(f"Brokers will start more slowly: {why}\n")


if __name__ == "__main__":
    main()
