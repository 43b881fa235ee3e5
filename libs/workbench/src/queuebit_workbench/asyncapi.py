"""The channel table as AsyncAPI 3.0: what each service, and each neighbour, sends and receives, with recorded examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from queuebit_contracts import commands
from queuebit_contracts.channels import CHANNELS, COMPLETED, FAILED, INVALIDATED, LIFECYCLE, Channel
from queuebit_contracts.events import JobQueued
from queuebit_contracts.registry import REGISTRY, name_of, type_of
from queuebit_runtime.bus.dead_letters import headers as h

DEAD_LETTER = "DeadLetter"
_FOR_DOWNSTREAM = (COMPLETED, FAILED, INVALIDATED, LIFECYCLE)
_ABOUT = (
    "Questions come on `jobs.submitted` and answers go to `jobs.completed` and `jobs.failed`. Every message is a CloudEvent "
    "1.0: Queuebit writes Kafka binary mode and reads structured mode (`application/cloudevents+json`) too, and on "
    "`jobs.submitted` batches (`application/cloudevents-batch+json`) of at most 100 events and 256 KiB. The key of a record is "
    "the job id."
)
Action = Literal["send", "receive"]


@dataclass(frozen=True, slots=True)
class Use:
    """Who does what with a channel."""

    who: str
    action: Action
    channel: Channel

    @property
    def name(self) -> str:
        return f"{self.who}.{self.action}.{self.channel.topic}"


def asyncapi(version: str, examples: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The document. `examples`: a recorded message in structured mode for each type."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Queuebit",
            "version": version,
            "description": _ABOUT,
            "contact": {"name": "The maintainers of Queuebit"},
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            "tags": [{"name": name, "description": said} for name, said in sorted(_TAGS.items())],
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {channel.topic: _channel(channel) for channel in CHANNELS},
        "operations": {use.name: _operation(use) for use in _uses()},
        "components": {
            "messages": {
                **{name: _message(name, examples[name]) for name in sorted(_on_the_bus())},
                DEAD_LETTER: _dead_letter(),
            },
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
            "securitySchemes": _security(),
        },
    }


_TAGS = {
    "upstream": "A service that asks: it may write jobs.submitted.",
    "downstream": "A service that acts on answers: it may read what the control plane publishes.",
    "gateway": "Takes questions over HTTP.",
    "control-plane": "Owns the job: decides, and publishes what became of it.",
    "quantum-adapter": "Runs work on quantum devices and simulators.",
    "classical-solver": "Runs work on classical solvers.",
    "result-validation": "Proves or rejects every answer.",
}


def _on_the_bus() -> set[str]:
    """The types that travel on some channel, in every version that is read: the others are only stored."""
    names = {message.__name__ for channel in CHANNELS for message in channel.messages}
    return {name for name, known in REGISTRY.known.items() if name_of(known.model) in names}


def _uses() -> Iterable[Use]:
    for channel in CHANNELS:
        for writer in channel.writers:
            yield Use(writer, "send", channel)
        for reader in channel.readers:
            yield Use(reader, "receive", channel)
        if channel.upstream_writes:
            yield Use("upstream", "send", channel)
        if channel.downstream_writes:
            yield Use("downstream", "send", channel)
        if channel.topic in _FOR_DOWNSTREAM:
            yield Use("downstream", "receive", channel)


def _servers() -> dict[str, Any]:
    host = {"host": "{host}:{port}", "variables": {"host": {"default": "localhost"}, "port": {"default": "9092"}}}
    schemes = [{"$ref": f"#/components/securitySchemes/{name}"} for name in _security()]
    return {
        "tls": {
            **host,
            "protocol": "kafka-secure",
            "description": "SASL over TLS: how to run it for others.",
            "security": schemes,
        },
        "local": {
            **host,
            "protocol": "kafka",
            "description": "SASL without TLS, as `queuebit up` starts it on this machine alone.",
            "security": schemes[:1],
        },
    }


def _security() -> dict[str, Any]:
    return {
        "scram": {
            "type": "scramSha512",
            "description": "One user for each service and for each neighbour; what it may do is an ACL of its own.",
        },
        "oauth": {"type": "oauth2", "description": "SASL/OAUTHBEARER.", "flows": {"clientCredentials": _FLOW}},
    }


_FLOW = {"tokenUrl": "https://identity.example.com/token", "availableScopes": {}}


def _messages_of(channel: Channel) -> list[str]:
    return sorted(type_of(message) for message in channel.messages) or [DEAD_LETTER]


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "address": channel.topic,
        "title": channel.topic,
        "description": channel.meaning,
        "servers": [{"$ref": f"#/servers/{name}"} for name in _servers()],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _messages_of(channel)},
        "bindings": {
            "kafka": {
                "topic": channel.topic,
                "partitions": channel.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["compact"] if channel.compacted else ["delete"],
                    "retention.ms": channel.retention_ms,
                },
            }
        },
    }


def _operation(use: Use) -> dict[str, Any]:
    channel = use.channel
    doing = "writes to" if use.action == "send" else "reads from"
    return {
        "action": use.action,
        "title": f"{use.who} {doing} {channel.topic}",
        "description": f"The {use.who} {doing} this channel. {channel.meaning}",
        "channel": {"$ref": f"#/channels/{channel.topic}"},
        "messages": [{"$ref": f"#/channels/{channel.topic}/messages/{name}"} for name in _messages_of(channel)],
        "tags": [{"name": use.who}],
    }


def _message(name: str, example: Mapping[str, Any]) -> dict[str, Any]:
    model = REGISTRY.known[name].model
    folder = "commands" if issubclass(model, commands.CommandModel) else "events"
    return {
        "name": name,
        "title": model.__name__,
        "summary": (model.__doc__ or "").strip().split("\n")[0],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"$ref": f"./{folder}/{name.removeprefix('io.queuebit.')}.json"},
        "bindings": {"kafka": {"key": {"type": "string", "description": _key_of(model.__name__)}}},
        "examples": [{"name": "recorded", "headers": _headers_of(example), "payload": example["data"]}],
    }


def _key_of(name: str) -> str:
    if name == JobQueued.__name__:
        return "The job id, or for the classical solver what stands for all of a tenant's orders that ask the same."
    return "The job id."


def _headers_of(example: Mapping[str, Any]) -> dict[str, str]:
    """The same message in binary mode."""
    named = {"datacontenttype": "content-type", "traceparent": "traceparent"}
    return {named.get(name, f"ce_{name}"): str(value) for name, value in example.items() if name != "data"}


def _dead_letter() -> dict[str, Any]:
    text = {"type": "string"}
    reasons = (h.CODE, h.DETAIL, h.REMEDY, h.ERROR_TYPE, h.ERROR_AT, h.FINGERPRINT, h.CONSUMER, h.FAILED_AT)
    place = (*h.PLACE, h.GROUP, h.MESSAGE)
    spring = (h.SPRING_TOPIC, h.SPRING_GROUP, h.SPRING_CLASS, h.SPRING_MESSAGE)
    return {
        "name": DEAD_LETTER,
        "title": "Dead letter",
        "summary": "A record that could not be taken, as it came, with the reason and its place in the headers.",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "required": [h.CODE, h.CONSUMER, h.FAILED_AT, h.TOPIC],
            "properties": {
                **dict.fromkeys((*reasons, *place, *spring), text),
                h.BEHIND: {**text, "description": "The dead letter of the same key that it waits behind."},
                h.REPLAYS: {**text, "description": "How often it was sent again before."},
                h.MARK: {
                    **text,
                    "description": "It is no dead letter, but says what became of one, or is part of a copy.",
                },
                "qb_unreadable_events": {**text, "description": "How many events of a batch this holds."},
            },
        },
        "payload": {"description": "The value of the record; of a batch, those of its events that could not be read."},
        "examples": [
            {
                "name": "recorded",
                "headers": {
                    h.CODE: "malformed_envelope",
                    h.DETAIL: "ce_id is missing.",
                    h.REMEDY: "Send CloudEvents 1.0 as schemas/asyncapi.json describes it.",
                    h.CONSUMER: "control-plane",
                    h.TOPIC: "jobs.submitted",
                    h.PARTITION: "0",
                    h.OFFSET: "41",
                    h.GROUP: "control-plane",
                    h.FAILED_AT: "2026-01-02T03:04:05Z",
                },
                "payload": {},
            }
        ],
    }


def _headers() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": ["ce_specversion", "content-type", "ce_id", "ce_source", "ce_type"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "content-type": {"const": "application/json"},
            "ce_id": {**text, "description": "Unique with ce_source; a repeat is recognised by both."},
            "ce_source": text,
            "ce_type": {"enum": sorted(_on_the_bus())},
            "ce_subject": {**text, "description": "The job id; the backend's name in backend reports."},
            "ce_time": {
                "type": "string",
                "format": "date-time",
                "description": "Always there in what Queuebit writes; where a writer leaves it out, the record's time counts.",
            },
            "ce_tenant": text,
            "ce_streamversion": {**text, "pattern": "^[0-9]+$"},
            "ce_correlationid": {**text, "description": "The sender's own; the event that ends the job carries it on."},
            "traceparent": text,
            "ce_replayid": {**text, "description": "Only on replays: live consumers ignore such records."},
        },
    }
