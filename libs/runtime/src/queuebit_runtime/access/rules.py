"""Who may do what on Kafka, generated from the channel table alone. What no rule allows is denied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from queuebit_contracts.channels import CHANNELS, Channel, Service

UPSTREAM = "upstream"
DOWNSTREAM = "downstream"
SERVICES: tuple[str, ...] = get_args(Service)
PRINCIPALS = (*SERVICES, UPSTREAM, DOWNSTREAM)
"""One principal a service, one for whoever asks questions, one for whoever acts on answers."""


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """`principal` may do `operation` on the resource called `name`, or, `prefixed`, on all whose names begin so."""

    principal: str
    operation: Literal["read", "write"]
    resource: Literal["topic", "group"]
    name: str
    prefixed: bool = False


def access_rules(
    namespace: str = "", channels: Sequence[Channel] = CHANNELS, names: Mapping[str, str] | None = None
) -> tuple[Rule, ...]:
    """The rules, sorted. `names`: how a principal is called on this cluster, where it has another name than here.

    A service reads and writes its channels and uses the groups `<service>` and `<service>.*`; upstream writes where the table
    says so; downstream reads the public channels with groups that begin with `downstream`. Nobody else may do anything.
    """
    prefix = f"{namespace}." if namespace else ""
    rules = {*_on_topics(prefix, channels), *_on_groups(prefix)}
    called = names or {}
    return tuple(
        sorted(
            Rule(called.get(each.principal, each.principal), each.operation, each.resource, each.name, each.prefixed)
            for each in rules
        )
    )


def _on_topics(prefix: str, channels: Sequence[Channel]) -> Iterable[Rule]:
    for channel in channels:
        topic = prefix + channel.topic
        for service in channel.writers:
            yield Rule(service, "write", "topic", topic)
        for service in channel.readers:
            yield Rule(service, "read", "topic", topic)
        if channel.upstream_writes:
            yield Rule(UPSTREAM, "write", "topic", topic)
        if channel.downstream_writes:
            yield Rule(DOWNSTREAM, "write", "topic", topic)
        if channel.public:
            yield Rule(DOWNSTREAM, "read", "topic", topic)


def _on_groups(prefix: str) -> Iterable[Rule]:
    for service in SERVICES:
        yield Rule(service, "read", "group", prefix + service)
        yield Rule(service, "read", "group", f"{prefix}{service}.", prefixed=True)
    yield Rule(DOWNSTREAM, "read", "group", prefix + DOWNSTREAM, prefixed=True)
