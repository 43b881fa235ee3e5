"""The channel table says what the services do, no more and no less."""

from __future__ import annotations

from collections import defaultdict

import pytest

from queuebit_contracts.channels import BY_TOPIC, CHANNELS, is_dead_letter
from queuebit_contracts.registry import type_of
from tests.contract.channels.channels_run import Seen, run_of_jobs

NOT_SAID_YET = {
    f"io.queuebit.{name}.v1"
    for name in (
        "ApprovalRequested",
        "ApprovalGranted",
        "ApprovalDenied",
        "DecidePlan",
        "OutcomeReported",
        "JobImproved",
        "JobHeld",
        "JobInvalidated",
        *("BudgetReserved", "BudgetSettled", "BudgetExhausted"),
    )
}
"""What no service says by itself, or only where a provider charges or a person decides: the table carries it for those who
do, and for operators.
"""
DECISIONS = "jobs.decisions"
"""The gateway writes there what a person decides."""
ONLY_WHERE_CHARGED = {("jobs.executions", "io.queuebit.LateUsageReported.v1")}
"""What a worker says of a provider that charges late; what the control plane makes of another's late end is seen here."""


@pytest.fixture(scope="module")
def seen() -> Seen:
    return run_of_jobs()


def test_services_subscribe_to_what_the_table_lets_them_read(seen: Seen) -> None:
    subscribed = {(topic, service) for service, each in seen.subscribed for topic in each.topics}

    assert subscribed == {(channel.topic, service) for channel in CHANNELS for service in channel.readers}


def test_a_broadcast_is_read_as_one(seen: Seen) -> None:
    """The control plane takes commands as a group, for one instance decides; it keeps the latest report of every backend. Of
    the dead letters of its groups every instance must know.
    """
    alone = {(topic, service) for service, each in seen.subscribed if each.broadcast for topic in each.topics}

    assert {(topic, service) for topic, service in alone if not is_dead_letter(topic)} == {
        ("control.commands", "quantum-adapter"),
        ("control.commands", "classical-solver"),
        ("backends.status", "control-plane"),
    }


def test_each_service_reads_in_groups_of_its_own_and_each_group_reads_other_topics(seen: Seen) -> None:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for service, each in seen.subscribed:
        assert each.group == service or each.group.startswith(f"{service}.")
        if not each.broadcast:
            groups[each.group] += each.topics

    assert all(len(topics) == len(set(topics)) for topics in groups.values()), groups


def test_services_publish_where_the_table_lets_them_write(seen: Seen) -> None:
    published = {(topic, service) for service, topic, _ in seen.published}

    said = [each for each in CHANNELS if not each.messages or {type_of(one) for one in each.messages} - NOT_SAID_YET]
    table = {(channel.topic, service) for channel in said for service in channel.writers}
    assert published == table - {(DECISIONS, "gateway")}


def test_each_topic_carries_the_messages_of_the_table(seen: Seen) -> None:
    ours = [channel for channel in CHANNELS if channel.writers]
    table = {(channel.topic, type_of(message)) for channel in ours for message in channel.messages}
    published = {(topic, said) for _, topic, said in seen.published if BY_TOPIC[topic].messages}

    assert published == {(topic, said) for topic, said in table - ONLY_WHERE_CHARGED if said not in NOT_SAID_YET}
