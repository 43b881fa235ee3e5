"""The register of policies: what is published never changes, one version is active, and a rollback goes back step by step."""

from __future__ import annotations

import pytest

from queuebit_contracts.policy import PolicyPublished
from queuebit_domain.errors import InvalidPolicy
from queuebit_domain.policy.default import DEFAULT, DEFAULT_DOCUMENT
from queuebit_domain.policy.register import (
    NO_POLICIES,
    activate,
    policy_of,
    publish,
    roll_back,
)
from tests.unit.policy.policies import ONE, WHY, a_document, after, published, row

TWO = a_document(row("two", tier="batch"))


def test_versions_count_up_by_name_and_the_same_again_is_none() -> None:
    policies = published(ONE, TWO)

    assert list(policies.published) == ["frugal/1", "frugal/2"]
    assert publish(policies, TWO, **WHY) == []
    assert [event.version for event in publish(policies, ONE, **WHY)] == ["frugal/3"]
    assert (policies.active, policy_of(policies, "routing/2")) == ("routing/2", DEFAULT)


def test_a_published_version_decides_as_it_was_written() -> None:
    policy = policy_of(published(ONE), "frugal/1")

    assert (policy.version, policy.document, [rule.name for rule in policy.routing]) == (
        "frugal/1",
        ONE,
        ["one", "otherwise"],
    )
    assert policy.digest == published(ONE).published["frugal/1"].digest


def test_activations_are_undone_in_their_order() -> None:
    policies = published(ONE, TWO)
    for version in ("frugal/1", "frugal/2"):
        policies = after(policies, activate(policies, version, **WHY))
    trail = [policies.active]
    while back := roll_back(policies, **WHY):
        policies = after(policies, back)
        trail.append(policies.active)

    assert trail == ["frugal/2", "frugal/1", "routing/2"]
    assert [each.rollback for each in policies.history] == [False, False, True, True]
    assert activate(policies, "routing/2", **WHY) == []


@pytest.mark.parametrize("version", ["frugal/9", "other/1"])
def test_what_was_not_published_is_not_activated(version: str) -> None:
    with pytest.raises(InvalidPolicy, match="There is no policy"):
        activate(published(ONE), version, **WHY)


def test_the_name_of_the_release_is_its_own() -> None:
    with pytest.raises(InvalidPolicy, match="is that of the policy of the release"):
        publish(NO_POLICIES, DEFAULT_DOCUMENT, **WHY)


def test_a_document_of_a_newer_release_is_known_and_not_read() -> None:
    newer = PolicyPublished(version="frugal/1", document={"policy": "frugal", "later": 1}, digest="d", **WHY)
    policies = after(NO_POLICIES, [newer])

    assert policies.exists("frugal/1")
    with pytest.raises(InvalidPolicy, match="cannot be read by this release"):
        activate(policies, "frugal/1", **WHY)
