"""What `queuebit up` looks at before a service starts: whether the database is a copy of before in which no epoch was begun."""

from __future__ import annotations

from queuebit_devstack.errors import RestoredCopy
from queuebit_devstack.processes import child_env
from queuebit_devstack.stack import Stack
from queuebit_operations.archiving.store import opened_archives
from queuebit_operations.connections.bus import kafka_access, namespace_of
from queuebit_operations.records.kafka import opened_records
from queuebit_operations.scan.postgres import opened_scan
from queuebit_operations.verification.archived import Gone
from queuebit_operations.verification.restored import told_and_lost
from queuebit_store.postgres import settings_from


async def refuse_a_copy(stack: Stack) -> None:
    """Raises RestoredCopy where Kafka was told what the store of this stack would say otherwise under the same ids."""
    env = child_env(stack.data_dir, stack.env())
    settings = settings_from(env, service="ops")
    async with (
        opened_archives(settings) as archives,
        opened_scan(settings) as scan,
        opened_records(kafka_access(env), namespace_of(env)) as records,
    ):
        job_id = await told_and_lost(records, scan, Gone(await archives.archives()))
    if job_id is not None:
        raise RestoredCopy(
            f"The database came back from a copy: Kafka was told of the job {job_id} what it does not hold.",
            remedy="Start the servers alone (`queuebit up --servers-only`) and follow infra/docs/runbooks/kafka-ahead.md: "
            "services start once `queuebit ops new-epoch` was run.",
        )
