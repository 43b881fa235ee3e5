"""Who may do what on Kafka, as literals: the table must not change it unnoticed."""

from __future__ import annotations

from queuebit_contracts.channels import BY_TOPIC, CHANNELS, Channel
from queuebit_runtime.access.rules import PRINCIPALS, Rule, access_rules

RULES = access_rules()


def topics(principal: str, operation: str) -> set[str]:
    return {
        rule.name
        for rule in RULES
        if (rule.principal, rule.operation, rule.resource) == (principal, operation, "topic") and not rule.prefixed
    }


def test_only_the_services_named_here_may_say_what_a_job_came_to() -> None:
    writers = {
        topic: {principal for principal in PRINCIPALS if topic in topics(principal, "write")} for topic in BY_TOPIC
    }
    assert writers["jobs.submitted"] == {"upstream"}
    assert writers["jobs.admitted"] == {"gateway"}
    assert writers["jobs.executions"] == {"quantum-adapter", "classical-solver"}
    assert writers["jobs.validations"] == {"result-validation"}
    assert writers["control.commands"] == {"gateway", "control-plane"}
    assert writers["jobs.completed"] == writers["jobs.failed"] == writers["jobs.lifecycle"] == {"control-plane"}
    assert writers["jobs.queued.quantum.batch"] == writers["jobs.queued.classical.batch"] == {"control-plane"}
    assert writers["dlq.quantum-adapter.batch"] == {"quantum-adapter"}
    assert all(writers.values())


def test_outsiders_may_do_this_and_nothing_else() -> None:
    outside = {rule for rule in RULES if rule.principal in ("upstream", "downstream")}
    assert outside == {
        Rule("upstream", "write", "topic", "jobs.submitted"),
        Rule("upstream", "write", "topic", "jobs.outcomes"),
        Rule("downstream", "write", "topic", "jobs.outcomes"),
        Rule("downstream", "read", "topic", "jobs.completed"),
        Rule("downstream", "read", "topic", "jobs.failed"),
        Rule("downstream", "read", "topic", "jobs.invalidated"),
        Rule("downstream", "read", "topic", "jobs.compensations"),
        Rule("downstream", "read", "topic", "jobs.lifecycle"),
        Rule("downstream", "read", "group", "downstream", prefixed=True),
    }


def test_a_service_has_its_own_groups_in_its_own_namespace() -> None:
    groups = {rule for rule in access_rules("acme") if rule.principal == "quantum-adapter" and rule.resource == "group"}
    assert groups == {
        Rule("quantum-adapter", "read", "group", "acme.quantum-adapter"),
        Rule("quantum-adapter", "read", "group", "acme.quantum-adapter.", prefixed=True),
    }
    assert all(rule.name.startswith("acme.") for rule in access_rules("acme"))


def test_a_channel_that_is_added_to_the_table_has_its_rules_and_they_are_the_only_new_ones() -> None:
    added = Channel("jobs.extra", "An addition.", (), ("gateway",), ("control-plane",))
    assert set(access_rules(channels=(*CHANNELS, added))) - set(RULES) == {
        Rule("gateway", "write", "topic", "jobs.extra"),
        Rule("control-plane", "read", "topic", "jobs.extra"),
    }


def test_a_principal_may_be_called_otherwise_on_a_cluster() -> None:
    renamed = access_rules(names={"upstream": "CN=orders"})
    assert Rule("CN=orders", "write", "topic", "jobs.submitted") in renamed
    assert not [rule for rule in renamed if rule.principal == "upstream"]
