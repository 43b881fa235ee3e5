"""Act on answers as a downstream service: each once, whatever is delivered twice.

Usage: python consume.py ACCESS INBOX [--group GROUP] [--topics TOPIC,...] [--until COUNT]

INBOX is a file of one line for each event that was acted on: it stands for the table of your service that has the event's id as
its key, and that you write in the same transaction as what the answer changes. What cannot be read goes to INBOX.poison.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from access import kafka_settings
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka
from cloudevents.core.formats.json import JSONFormat
from confluent_kafka import Consumer, KafkaException, Message


def event_of(message: Message) -> BaseCloudEvent:
    """Headers of others, as tracing adds them, are none of ours and need not even be text."""
    headers = {name: value for name, value in message.headers() or () if name == "content-type" or name[:3] == "ce_"}
    return from_kafka(KafkaMessage(headers, None, message.value() or b""), JSONFormat())


def told(event: BaseCloudEvent) -> dict[str, Any]:
    """What we act on. `origin` says whose it is: the id and source of our event, our key, our labels."""
    data: Any = event.get_data()
    return {
        "id": event.get_id(),
        "type": event.get_type().split(".")[-2],
        "job": event.get_subject(),
        "origin": data.get("origin", {}),
        "objective": data.get("objective"),
        "code": data.get("code"),
    }


def append(path: Path, lines: list[dict[str, Any]]) -> None:
    """Durable before the offsets are."""
    if lines:
        with path.open("a") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("access")
    parser.add_argument("inbox", type=Path)
    parser.add_argument("--group", default="downstream-orders")
    parser.add_argument("--topics", default="jobs.completed,jobs.failed")
    parser.add_argument("--until", type=int, help="end once so many events were acted on")
    given = parser.parse_args()
    poison = given.inbox.with_name(given.inbox.name + ".poison")
    lines = given.inbox.read_text().splitlines() if given.inbox.exists() else []
    seen = {json.loads(line)["id"] for line in lines}
    consumer = Consumer(
        {
            **kafka_settings(given.access),
            "group.id": given.group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe(given.topics.split(","))
    try:
        while given.until is None or len(seen) < given.until:
            messages = consumer.consume(100, timeout=1.0)
            fresh, unreadable = [], []
            for message in messages:
                if message.error() is not None:
                    raise KafkaException(message.error())
                try:
                    line = told(event_of(message))
                except Exception as error:
                    place = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
                    unreadable.append({**place, "error": f"{type(error).__name__}: {error}"})
                    continue
                if line["id"] not in seen:
                    seen.add(line["id"])
                    fresh.append(line)
            append(given.inbox, fresh)
            append(poison, unreadable)
            if messages:
                consumer.commit(asynchronous=False)
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
