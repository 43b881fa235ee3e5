"""Ask as an upstream service: one question for each order.

Usage: python publish.py ACCESS TENANT ORDER... [--structured] [--topic TOPIC]
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from access import kafka_settings
from cloudevents.core.bindings.kafka import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Message, Producer

SOURCE = "/orders"


def question(tenant: str, order: str) -> CloudEvent:
    """The id is the order's, so that an order that is sent again is the same question."""
    request: dict[str, Any] = {
        "tenant": tenant,
        "lane": "classical",
        "problem": {"kind": "maxcut", "statement": {"nodes": 4, "edges": [[0, 1], [1, 2], [2, 3], [3, 0]]}},
        "labels": {"order": order},
    }
    attributes = {
        "type": "io.queuebit.JobSubmitted.v1",
        "source": SOURCE,
        "id": order,
        "subject": order,
        "tenant": tenant,
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes, {"request": request})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("access")
    parser.add_argument("tenant")
    parser.add_argument("orders", nargs="+")
    parser.add_argument("--structured", action="store_true")
    parser.add_argument("--topic", default="jobs.submitted")
    given = parser.parse_args()
    encode = to_structured if given.structured else to_binary
    producer = Producer({**kafka_settings(given.access), "enable.idempotence": True})
    failed: list[str] = []

    def acknowledged(error: Any, message: Message) -> None:
        if error is not None:
            failed.append(str(error))
        else:
            print(json.dumps({"partition": message.partition(), "offset": message.offset()}))

    for order in given.orders:
        message = encode(question(given.tenant, order), JSONFormat())
        producer.produce(
            given.topic, message.value, order.encode(), headers=dict(message.headers), on_delivery=acknowledged
        )
    left = producer.flush(30)
    if failed or left:
        raise SystemExit(f"not published: {failed or left}")


if __name__ == "__main__":
    main()
