"""The names of attributes, in one place: messaging conventions are still in development and may change.

Source: OpenTelemetry semantic conventions 1.37, messaging (status: development).
"""

from __future__ import annotations

SYSTEM = "messaging.system"
OPERATION_NAME = "messaging.operation.name"
OPERATION_TYPE = "messaging.operation.type"
DESTINATION = "messaging.destination.name"
PARTITION = "messaging.destination.partition.id"
GROUP = "messaging.consumer.group.name"
MESSAGE_ID = "messaging.message.id"
BODY_SIZE = "messaging.message.body.size"
KAFKA_KEY = "messaging.kafka.message.key"
KAFKA_OFFSET = "messaging.kafka.offset"
KAFKA = "kafka"
ERROR_TYPE = "error.type"
JOB_ID = "queuebit.job.id"
TENANT = "queuebit.tenant"
EVENT_TYPE = "queuebit.event.type"
SERVICE_NAME = "service.name"
SERVICE_INSTANCE = "service.instance.id"
ENVIRONMENT = "deployment.environment.name"
