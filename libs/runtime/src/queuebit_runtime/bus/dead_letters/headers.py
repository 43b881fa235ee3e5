"""The headers of a dead letter, by name.

The place stands in them as Kafka's own dead letters name it (KIP-1191, as text) and again as Spring's tools read it (numbers as
big-endian integers). What else is ours begins with `qb_`.
"""

from __future__ import annotations

TOPIC = "__dlq.errors.topic"
PARTITION = "__dlq.errors.partition"
OFFSET = "__dlq.errors.offset"
GROUP = "__dlq.errors.group"
DELIVERIES = "__dlq.errors.delivery.count"
MESSAGE = "__dlq.errors.message"
PLACE = (TOPIC, PARTITION, OFFSET)

SPRING_TOPIC = "kafka_dlt-original-topic"
SPRING_PARTITION = "kafka_dlt-original-partition"
SPRING_OFFSET = "kafka_dlt-original-offset"
SPRING_TIMESTAMP = "kafka_dlt-original-timestamp"
SPRING_TIMESTAMP_TYPE = "kafka_dlt-original-timestamp-type"
SPRING_GROUP = "kafka_dlt-original-consumer-group"
SPRING_CLASS = "kafka_dlt-exception-fqcn"
SPRING_MESSAGE = "kafka_dlt-exception-message"

CODE = "qb_error_code"
DETAIL = "qb_error_detail"
REMEDY = "qb_error_remedy"
ERROR_TYPE = "qb_error_type"
ERROR_AT = "qb_error_at"
FINGERPRINT = "qb_fingerprint"
CONSUMER = "qb_consumer"
FAILED_AT = "qb_failed_at"
FIRST_FAILED_AT = "qb_first_failed_at"
BEHIND = "qb_behind"
"""The place of the dead letter that the record waits behind: nothing is wrong with it itself."""
NULLS = "qb_null"
"""Which of key and value the record had none of, as `key,value`: a dead letter has an empty one there."""
REPLAYS = "qb_replays"
REDRIVE = "qb_redrive"
"""On a record that was sent again, and on its dead letter if it fails again: which redrive that was."""
EDITED_FROM = "qb_edited_from"
"""On a record that was sent again with another value: the place of the dead letter that it was."""
FIRST_OFFSET = "qb_first_offset"
"""Where the record lay when it failed first: letters of one key are in that order."""
MARK = "qb_mark"
"""On a record that is no dead letter, but says what became of one."""

CHECKPOINT = b"checkpoint"
"""In the place of what became of a letter: the record is part of a copy of all that is open."""
PART = "qb_part"
"""Which part of which copy it is, and up to which offset that tells."""

CUT = "qb_cut"
"""How many bytes the value had, where no topic takes so many: the record lies whole where it came from."""

SENT_AGAIN = frozenset({REPLAYS, REDRIVE, FIRST_FAILED_AT, FIRST_OFFSET, EDITED_FROM})
"""What a record that is sent again carries beside its own."""
OF_A_LETTER = frozenset(
    {
        *PLACE, GROUP, DELIVERIES, MESSAGE,
        SPRING_TOPIC, SPRING_PARTITION, SPRING_OFFSET, SPRING_TIMESTAMP, SPRING_TIMESTAMP_TYPE, SPRING_GROUP,
        SPRING_CLASS, SPRING_MESSAGE,
        CODE, DETAIL, REMEDY, ERROR_TYPE, ERROR_AT, FINGERPRINT, CONSUMER, FAILED_AT, BEHIND, NULLS, CUT,
        *SENT_AGAIN,
    }
)  # fmt: skip
"""What is not of the record itself: it goes where the record is sent again."""
OURS = OF_A_LETTER | {MARK, PART}
"""What nobody says but we: it is not kept of a record, or whoever wrote that could settle the letters of others."""
