"""Who is in a group, as its coordinator tells it: the client asks this only in versions that say nothing of instance ids."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiokafka import errors as kafka  # type: ignore[import-untyped]
from aiokafka.protocol.api import Request, RequestStruct, Response  # type: ignore[import-untyped]
from aiokafka.protocol.types import Array, Boolean, Bytes, Int16, Int32, Schema, String  # type: ignore[import-untyped]

GROUP_AUTHORIZATION_FAILED = 30
SETTLED = "Stable"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an instance id in a group now."""

    member_id: str
    client_id: str
    host: str

    def __str__(self) -> str:
        return f"client {self.client_id} at {self.host.lstrip('/')}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the coordinator says. `settled`: no rebalance is on its way, so whoever is silent for a session is put out."""

    holder: Holder | None
    settled: bool


class DescribeMembersResponse(Response):  # type: ignore[misc]
    """Version 4 of DescribeGroups is the first that tells instance ids; the client knows it up to 3."""

    API_KEY = 15
    API_VERSION = 4
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "groups",
            Array(
                ("error_code", Int16),
                ("group", String("utf-8")),
                ("state", String("utf-8")),
                ("protocol_type", String("utf-8")),
                ("protocol", String("utf-8")),
                (
                    "members",
                    Array(
                        ("member_id", String("utf-8")),
                        ("group_instance_id", String("utf-8")),
                        ("client_id", String("utf-8")),
                        ("client_host", String("utf-8")),
                        ("member_metadata", Bytes),
                        ("member_assignment", Bytes),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
    )


class DescribeMembersStruct(RequestStruct):  # type: ignore[misc]
    API_KEY = 15
    API_VERSION = 4
    RESPONSE_TYPE = DescribeMembersResponse
    SCHEMA = Schema(("groups", Array(String("utf-8"))), ("include_authorized_operations", Boolean))


class DescribeMembers(Request[DescribeMembersStruct]):  # type: ignore[misc]
    """The members of one group, with their instance ids."""

    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[DescribeMembersStruct]) -> DescribeMembersStruct:
        return request_struct_class([self._group], False)


async def who_has(ask: Callable[[Any], Awaitable[Any]], group: str, instance: str) -> Seen:
    """Who has the instance id; nobody, too, where we may not know. Raises KafkaError: ask again, perhaps somebody else."""
    response = await ask(DescribeMembers(group))
    for code, _, state, _, _, members, _ in response.groups:
        if code == GROUP_AUTHORIZATION_FAILED:
            return Seen(None, settled=True)
        if code != 0:
            raise kafka.for_code(code)()
        for member_id, instance_id, client_id, host, _, _ in members:
            if instance_id == instance:
                return Seen(Holder(member_id, client_id, host), settled=state == SETTLED)
    return Seen(None, settled=True)
