"""The register of policies: one stream, folded into what was published and what is active; and the rules for changing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, assert_never
from uuid import UUID

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.policy import PolicyActivated, PolicyDocument, PolicyEvent, PolicyPublished
from queuebit_domain.errors import InvalidPolicy
from queuebit_domain.policy.compiling import compiled
from queuebit_domain.policy.default import DEFAULT, DEFAULT_DOCUMENT, DEFAULT_VERSION
from queuebit_domain.policy.tables import Policy

REGISTER_ID: Final = UUID("ffffffff-ffff-8000-8000-000000000002")
"""The stream of the register. The time in its id is the last there is: it is never among what is archived."""
CATEGORY: Final = "policy"
OPERATOR: Final = "(operators)"
"""Whose stream it is: no tenant's."""
HEAD_STATE: Final = "kept"
"""What its head says, which nobody lists."""
BUILT_IN: Final = DEFAULT_DOCUMENT.policy
"""The name of the policy that is part of the release; nobody publishes another under it."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version of a policy. `document` is what was stored: a later release may know more than this one reads."""

    version: str
    document: Mapping[str, Any]
    digest: str
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Activation:
    """From `at` on jobs were planned by this version."""

    version: str
    actor: str
    reason: str
    at: datetime
    rollback: bool = False


@dataclass(frozen=True, slots=True)
class Policies:
    """The register after `version` events. `trail`: the versions that a rollback goes back over, the active one last."""

    version: int = 0
    published: Mapping[str, Published] = field(default_factory=dict)
    history: tuple[Activation, ...] = ()
    trail: tuple[str, ...] = (DEFAULT_VERSION,)

    @property
    def active(self) -> str:
        """By which version jobs are planned."""
        return self.trail[-1]

    def exists(self, version: str) -> bool:
        """Whether there is this version."""
        return version == DEFAULT_VERSION or version in self.published

    def newest(self, name: str) -> Published | None:
        """What was published last under a name."""
        found = [each for each in self.published.values() if _name_of(each.version) == name]
        return max(found, key=lambda each: _number_of(each.version), default=None)


NO_POLICIES: Final = Policies()


def evolve_policies(policies: Policies, event: PolicyEvent, at: datetime) -> Policies:
    """The register after one more event, recorded at `at`."""
    version = policies.version + 1
    match event:
        case PolicyPublished():
            new = Published(event.version, event.document, event.digest, event.actor, event.reason, at)
            return replace(policies, version=version, published={**policies.published, event.version: new})
        case PolicyActivated():
            activation = Activation(event.version, event.actor, event.reason, at, event.rollback)
            trail = policies.trail[:-1] if event.rollback else (*policies.trail, event.version)
            return replace(policies, version=version, history=(*policies.history, activation), trail=trail)
        case _:
            assert_never(event)


def publish(policies: Policies, document: PolicyDocument, *, actor: str, reason: str) -> Sequence[PolicyEvent]:
    """What happens when somebody publishes a policy: nothing where the newest version of that name says the same already.

    Raises InvalidPolicy.
    """
    if document.policy == BUILT_IN:
        raise InvalidPolicy(
            f"The name {BUILT_IN!r} is that of the policy of the release.", remedy="Give yours another name."
        )
    newest = policies.newest(document.policy)
    number = 1 if newest is None else _number_of(newest.version) + 1
    version = f"{document.policy}/{number}"
    compiled(document, version)
    digest = digest_of(document)
    if newest is not None and newest.digest == digest:
        return []
    return [PolicyPublished(version=version, document=plain(document), digest=digest, actor=actor, reason=reason)]


def activate(policies: Policies, version: str, *, actor: str, reason: str) -> Sequence[PolicyEvent]:
    """What happens when somebody activates a version; nothing where it is active. Raises InvalidPolicy where this release
    cannot decide by it.
    """
    if policies.active == version:
        return []
    policy_of(policies, version)
    return [PolicyActivated(version=version, replaces=policies.active, actor=actor, reason=reason)]


def roll_back(policies: Policies, *, actor: str, reason: str) -> Sequence[PolicyEvent]:
    """What happens when somebody goes back to what was active before; nothing where there is nothing before."""
    if len(policies.trail) < 2:
        return []
    before = policies.trail[-2]
    return [PolicyActivated(version=before, replaces=policies.active, rollback=True, actor=actor, reason=reason)]


def policy_of(policies: Policies, version: str) -> Policy:
    """A version, ready to decide. Raises InvalidPolicy where there is none, or this release cannot read it."""
    if version == DEFAULT_VERSION:
        return DEFAULT
    published = policies.published.get(version)
    if published is None:
        raise InvalidPolicy(f"There is no policy {version}.", remedy="See: queuebit policy list")
    return compiled(document_of(published.document, version), version, published.digest)


def readable(policies: Policies) -> tuple[Policy, InvalidPolicy | None]:
    """The policy that decides here: the active one, or where this release cannot read it the one that was active before, with
    what is wrong with the active one.
    """
    wrong: InvalidPolicy | None = None
    for version in reversed(policies.trail):
        try:
            return policy_of(policies, version), wrong
        except InvalidPolicy as error:
            wrong = wrong or error
    return DEFAULT, wrong


def document_of(stored: Mapping[str, Any], version: str) -> PolicyDocument:
    """A stored document as this release reads it. Raises InvalidPolicy for one of a newer release."""
    try:
        return PolicyDocument.model_validate(stored)
    except ValueError as error:
        first = str(error).splitlines()[1:3]
        raise InvalidPolicy(
            f"{version} cannot be read by this release: {' '.join(' '.join(first).split())}",
            remedy="Run the release that published it, or activate another version.",
        ) from None


def plain(document: PolicyDocument) -> dict[str, Any]:
    """A document as JSON, without what it leaves to the default."""
    return document.model_dump(mode="json", exclude_defaults=True)


def digest_of(document: PolicyDocument) -> str:
    """One text for one document, however it is written."""
    return fingerprint(plain(document))


def _name_of(version: str) -> str:
    return version.rpartition("/")[0]


def _number_of(version: str) -> int:
    return int(version.rpartition("/")[2])
