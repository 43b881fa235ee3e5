"""Where artifacts are kept, and for how long, as the environment says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from queuebit_store.artifacts.files import FileArtifacts
from queuebit_store.artifacts.opening import artifacts_from, retention_from
from queuebit_store.artifacts.port import Shelf
from queuebit_store.errors import InvalidSettings

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def test_without_a_place_nothing_is_kept() -> None:
    assert artifacts_from({}, lambda: NOW) is None
    assert artifacts_from({"QUEUEBIT_ARTIFACTS": ""}, lambda: NOW) is None


@pytest.mark.parametrize("place", ["/var/lib/queuebit", "file:///var/lib/queuebit"])
def test_a_path_is_a_folder(place: str) -> None:
    assert isinstance(artifacts_from({"QUEUEBIT_ARTIFACTS": place}, lambda: NOW), FileArtifacts)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"QUEUEBIT_ARTIFACTS": "here"}, "absolute path"),
        ({"QUEUEBIT_ARTIFACTS": "s3://"}, "Name the bucket"),
        ({"QUEUEBIT_ARTIFACTS": "s3://bucket/../other"}, "without dots"),
        ({"QUEUEBIT_ARTIFACTS": "/x", "QUEUEBIT_ARTIFACT_MIB_MAX": "0"}, "QUEUEBIT_ARTIFACT_MIB_MAX is '0'"),
    ],
)
def test_what_is_wrong_is_named(env: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidSettings, match=said):
        artifacts_from(env, lambda: NOW)


def test_what_was_paid_for_is_kept_for_longer() -> None:
    rule = retention_from({})
    assert {shelf: rule.begins(shelf, NOW) for shelf in Shelf} == {
        Shelf.PAID: NOW - timedelta(days=730),
        Shelf.FREE: NOW - timedelta(days=90),
    }


def test_zero_keeps_for_ever_and_less_than_a_wait_at_a_provider_is_refused() -> None:
    assert retention_from({"QUEUEBIT_ARTIFACTS_KEEP_PAID_D": "0"}).begins(Shelf.PAID, NOW) is None
    with pytest.raises(InvalidSettings, match=r"KEEP_D is '29'.* from 30, or 0 for ever"):
        retention_from({"QUEUEBIT_ARTIFACTS_KEEP_D": "29"})
