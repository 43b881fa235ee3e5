"""One instance id, one process: a static member whose place another process took ends, where it would take it back for ever.

The client resets a member that the broker does not know any more and joins again with its instance id, which puts out whoever
has it now. So before it joins again, the broker is asked who that is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]
from aiokafka import errors as kafka
from aiokafka.protocol.api import Request, RequestStruct, Response  # type: ignore[import-untyped]
from aiokafka.protocol.group import JoinGroupRequest, SyncGroupRequest  # type: ignore[import-untyped]
from aiokafka.protocol.types import Array, Boolean, Bytes, Int16, Int32, Schema, String  # type: ignore[import-untyped]

FENCED_INSTANCE_ID = 82
GROUP_AUTHORIZATION_FAILED = 30


class Holder(NamedTuple):
    """Who has an instance id in a group now."""

    member_id: str
    client_id: str
    host: str


class FencedInstanceError(kafka.KafkaError):  # type: ignore[misc]
    """Another process has the instance id."""


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


def guard_instance(consumer: AIOKafkaConsumer, instance: str, on_taken: Callable[[str], None]) -> None:
    """Call `on_taken`, with words about the other process, once it has the instance id of this started consumer; from then on
    the consumer joins no more.
    """
    coordinator = consumer._coordinator
    send = coordinator._send_req
    ours, taken = "", False

    def give_up(detail: str) -> FencedInstanceError:
        nonlocal taken
        if not taken:
            taken = True
            on_taken(detail)
        return FencedInstanceError(detail)

    async def guarded(request: Any) -> Any:
        nonlocal ours
        joins = isinstance(request, JoinGroupRequest)
        if joins and taken:
            raise FencedInstanceError
        if joins and ours and not coordinator.member_id:
            holder = await _holder(send, coordinator, instance)
            if holder is not None and holder.member_id != ours:
                raise give_up(f"client {holder.client_id} at {holder.host.lstrip('/')}")
            ours = ""
        response = await send(request)
        code = getattr(response, "error_code", 0)
        if code == FENCED_INSTANCE_ID:
            raise give_up("a process that joined later")
        if code == 0 and isinstance(request, SyncGroupRequest):
            ours = coordinator.member_id
        return response

    coordinator._send_req = guarded


async def _holder(send: Callable[[Any], Any], coordinator: Any, instance: str) -> Holder | None:
    """Who has the instance id; None for nobody, or where we may not know. Raises KafkaError: ask again."""
    response = await send(DescribeMembers(coordinator.group_id))
    for code, _, _, _, _, members, _ in response.groups:
        if code == GROUP_AUTHORIZATION_FAILED:
            return None
        if code != 0:
            coordinator.coordinator_dead()
            raise kafka.for_code(code)()
        for member_id, instance_id, client_id, host, _, _ in members:
            if instance_id == instance:
                return Holder(member_id, client_id, host)
    return None
