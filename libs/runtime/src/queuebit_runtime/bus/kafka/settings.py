"""How the adapter uses Kafka."""

from __future__ import annotations

from dataclasses import dataclass, field

from queuebit_runtime.access.settings import Codec, KafkaAccess


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """`poll_wait_ms`: how long one poll waits for records. `refused_pause_s`: the pause after an answer that is a refusal.
    `commit_interval_s`: what was done for so long may be delivered again after a crash; each commit costs as much as some jobs.
    `stall_s`: after so long without any movement the bus is not healthy.
    """

    poll_wait_ms: int = 1000
    refused_pause_s: float = 1.0
    commit_interval_s: float = 0.5
    commit_timeout_s: float = 5.0
    rebalance_drain_s: float = 3.0
    full_wait_s: float = 0.5
    stall_s: float = 120.0


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """How the adapter uses Kafka.

    `group_instance_id` makes the membership static: a restart within the session timeout takes its partitions back at once, and
    a member that stops leaves them to nobody before that time. `group_instance_waits`: its start waits until the id is free,
    instead of putting out whoever has it. `prefetch_wait_ms`: so long the client fetches nothing more from a broker while
    fetched records wait for the handler; if it did, a long poll for the idle partitions would hold up the busy.
    `compression` of what is published for our own services: a batch of JSON shrinks to a fifth, which spares the broker a third
    of its work. (Of the client's codecs zstd is the cheapest in sum: its lz4 always takes the slowest level, at seven times the
    time.) `compression_public` of what others read: not every client can unpack zstd.
    `publish_timeout_s`: a publish that is not acknowledged by then fails. `request_timeout_s`: how long a broker may take for
    one request before its connection is given up. `fetch_wait_ms`: how long the broker waits with an answer that has no record:
    two a second for each reader were a third of what an idle broker does. A member that is given other partitions may have to
    wait so long for the answer about those before. `quiet_wait_ms`: the same where every process hears a topic on which hardly
    anything is said, and waits for nothing else.
    """

    access: KafkaAccess
    namespace: str = ""
    client_id: str = "queuebit"
    group_instance_id: str | None = None
    group_instance_waits: bool = False
    session_timeout_s: float = 30.0
    heartbeat_interval_s: float = 1.0
    max_batch_bytes: int = 256 * 1024
    compression: Codec = "zstd"
    compression_public: Codec = "gzip"
    fetch_bytes_max: int = 16 * 1024 * 1024
    fetch_wait_ms: int = 2000
    quiet_wait_ms: int = 5000
    prefetch_wait_ms: int = 5000
    metadata_age_max_s: float = 60.0
    publish_timeout_s: float = 10.0
    request_timeout_s: float = 15.0
    read: ReadSettings = field(default_factory=ReadSettings)

    @property
    def prefix(self) -> str:
        return f"{self.namespace}." if self.namespace else ""
