"""Policies as they are shown: by which the control plane plans jobs now, every version, and what differs between two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import AwareDatetime

from queuebit_contracts.model import Model
from queuebit_domain.errors import CorruptStream, InvalidPolicy
from queuebit_domain.policy.changes import What, changes
from queuebit_domain.policy.codec import fold_policies
from queuebit_domain.policy.default import DEFAULT_DOCUMENT, DEFAULT_VERSION
from queuebit_domain.policy.register import NO_POLICIES, REGISTER_ID, Policies, Published, plain, policy_of, readable
from queuebit_domain.policy.tables import Policy
from queuebit_gateway.problem_details import Refusal
from queuebit_store.ports import EventLog

PAGE = 1000
HISTORY_MAX = 100


class PolicyVersionView(Model):
    """A version of a policy. That of the release was published by nobody. `readable`: whether this release decides by it."""

    object: Literal["policy"] = "policy"
    version: str
    active: bool
    readable: bool = True
    actor: str | None = None
    reason: str | None = None
    published_at: AwareDatetime | None = None
    digest: str | None = None


class PolicyView(PolicyVersionView):
    """A version with its document."""

    document: dict[str, Any]


class ActivationView(Model):
    """From `at` on jobs were planned by this version. `rollback`: it was active before."""

    version: str
    at: AwareDatetime
    actor: str
    reason: str
    rollback: bool = False


class PolicyList(Model):
    """By which version jobs are planned now, all versions, the newest first, and what was active, the latest first."""

    object: Literal["list"] = "list"
    active: str
    data: tuple[PolicyVersionView, ...]
    history: tuple[ActivationView, ...]


class ChangeView(Model):
    """One thing that two versions say differently, such as `routing/tiny`."""

    where: str
    what: What
    before: Any = None
    after: Any = None


class PolicyDiff(Model):
    """What `after` says otherwise than `before`."""

    object: Literal["policy_diff"] = "policy_diff"
    before: str
    after: str
    changes: tuple[ChangeView, ...]


class PoliciesRead:
    """Reads the register of policies; nothing here writes."""

    def __init__(self, store: EventLog) -> None:
        self._store = store

    async def all(self) -> PolicyList:
        policies = await registered(self._store)
        published = sorted(policies.published.values(), key=lambda each: each.at, reverse=True)
        history = [
            ActivationView(
                version=each.version, at=each.at, actor=each.actor, reason=each.reason, rollback=each.rollback
            )
            for each in reversed(policies.history[-HISTORY_MAX:])
        ]
        versions = [_view(policies, each.version, each) for each in published]
        versions.append(_view(policies, DEFAULT_VERSION, None))
        return PolicyList(active=policies.active, data=tuple(versions), history=tuple(history))

    async def one(self, version: str) -> PolicyView:
        """Raises Refusal policy_not_found."""
        policies = await registered(self._store)
        document = _document(policies, version)
        about = _view(policies, version, policies.published.get(version))
        return PolicyView(**about.model_dump(), document=dict(document))

    async def diff(self, version: str, against: str | None) -> PolicyDiff:
        """What `version` says otherwise than `against`, or than the active one. Raises Refusal policy_not_found."""
        policies = await registered(self._store)
        before = against or policies.active
        found = changes(_document(policies, before), _document(policies, version))
        told = tuple(ChangeView(where=c.where, what=c.what, before=c.before, after=c.after) for c in found)
        return PolicyDiff(before=before, after=version, changes=told)


async def registered(store: EventLog) -> Policies:
    """The register as it is now; behind an event that it cannot read it is not read on. That is what the control plane does, so
    that both plan alike. Raises StoreUnavailable.
    """
    policies = NO_POLICIES
    while stored := await store.events_of(REGISTER_ID, after_version=policies.version, limit=PAGE):
        for event in stored:
            try:
                policies = fold_policies([event], policies)
            except CorruptStream:
                return policies
        if len(stored) < PAGE:
            break
    return policies


async def active_policy(store: EventLog) -> Policy:
    """The active one, or where this release cannot read it the one before. Raises StoreUnavailable."""
    return readable(await registered(store))[0]


def _document(policies: Policies, version: str) -> Mapping[str, Any]:
    if version == DEFAULT_VERSION:
        return plain(DEFAULT_DOCUMENT)
    published = policies.published.get(version)
    if published is None:
        raise Refusal("policy_not_found")
    return published.document


def _view(policies: Policies, version: str, published: Published | None) -> PolicyVersionView:
    try:
        policy_of(policies, version)
        can = True
    except InvalidPolicy:
        can = False
    view = PolicyVersionView(version=version, active=policies.active == version, readable=can)
    if published is None:
        return view
    return view.model_copy(
        update={
            "actor": published.actor, "reason": published.reason, "published_at": published.at,
            "digest": published.digest,
        }
    )  # fmt: skip
