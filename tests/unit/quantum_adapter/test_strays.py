"""Batches whose opening nobody heard of are found among all of our user's and closed, and nobody else's are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytest.importorskip("qiskit_ibm_runtime", reason="the extra `ibm` is not installed")

from queuebit_quantum_adapter.errors import AnswerUnreadable, ProviderUnavailable
from queuebit_quantum_adapter.providers.ibm.strays import BATCH_TTL_S, PAGE, STRAY_S, SWEEP_S, Strays
from queuebit_quantum_adapter.submissions.sweeping import sweep

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


class Ibm:
    """Batches with their ages, of which it lists a page at a time."""

    def __init__(self, ages_s: Mapping[str, float], **more: Mapping[str, Any]) -> None:
        self.ages_s, self.more = ages_s, more
        self.pages, self.closed = 0, list[str]()

    def listed(self, after: datetime, before: datetime) -> Mapping[str, Any]:
        self.pages += 1
        found = sorted((NOW - timedelta(seconds=age_s), name) for name, age_s in self.ages_s.items())
        rows = [
            {
                "id": name,
                "created": at.isoformat().replace("+00:00", "Z"),
                "accepting_jobs": self.told(name)["accepting_jobs"],
            }
            for at, name in found
            if after <= at <= before
        ]
        return {"workloads": rows[:PAGE]}

    def told(self, name: str) -> Mapping[str, Any]:
        takes = name not in self.closed
        return {"mode": "batch", "max_ttl": BATCH_TTL_S, "accepting_jobs": takes, **self.more.get(name, {})}

    def close(self, name: str) -> None:
        self.closed.append(name)


def strays(clock_s: list[float] | None = None) -> Strays:
    clock = clock_s or [0.0]
    return Strays(monotonic_s=lambda: clock[0], now=lambda: NOW)


def test_what_is_old_enough_ours_and_open_is_closed() -> None:
    ibm = Ibm(
        {"stray": STRAY_S + 1, "fresh": STRAY_S - 1, "used": 3600.0, "another": 3600.0, "session": 3600.0, "past": 1e6},
        used={"accepting_jobs": False},
        another={"max_ttl": 8 * 3600},
        session={"mode": "dedicated"},
    )

    assert strays().close(ibm.listed, ibm.told, ibm.close) == ("stray",)
    assert ibm.closed == ["stray"]


@pytest.mark.parametrize("count", [PAGE - 1, PAGE, 3 * PAGE + 1])
def test_all_pages_are_looked_at(count: int) -> None:
    ibm = Ibm({f"b{number:03d}": STRAY_S + 1 + number for number in range(count)})

    assert sorted(strays().close(ibm.listed, ibm.told, ibm.close)) == sorted(ibm.ages_s)


def test_a_list_of_equal_moments_ends() -> None:
    ibm = Ibm(dict.fromkeys((f"b{number:03d}" for number in range(PAGE + 1)), 3600.0))

    closed = strays().close(ibm.listed, ibm.told, ibm.close)

    assert (len(closed), ibm.pages) == (PAGE, 2)


def test_it_looks_now_and_then_only() -> None:
    clock_s, ibm = [0.0], Ibm({"stray": 3600.0})
    looking = strays(clock_s)

    looking.close(ibm.listed, ibm.told, ibm.close)
    clock_s[0] = SWEEP_S - 1
    looking.close(ibm.listed, ibm.told, ibm.close)
    assert ibm.pages == 1

    clock_s[0] = SWEEP_S + 1
    assert looking.close(ibm.listed, ibm.told, ibm.close) == ()
    assert ibm.pages == 2


@pytest.mark.parametrize("answer", [{}, {"workloads": None}, {"workloads": [{}]}, {"workloads": ["b"]}])
def test_a_list_in_other_words_is_no_empty_one(answer: dict[str, Any]) -> None:
    ibm = Ibm({})

    with pytest.raises(AnswerUnreadable):
        strays().close(lambda *_: answer, ibm.told, ibm.close)


class Silent:
    def sweep(self) -> tuple[str, ...]:
        raise ProviderUnavailable("503")


class Swept:
    def sweep(self) -> tuple[str, ...]:
        return ("batch-1",)


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        (Silent(), "could not be looked for at b"),
        (Swept(), "Closed at b, for nobody heard of their opening: batch-1"),
        (None, ""),
    ],
)
def test_it_is_told_and_ends_nothing(provider: object, words: str, caplog: pytest.LogCaptureFixture) -> None:
    sweep(provider, "b")

    assert words in caplog.text
    assert bool(caplog.records) is bool(words)
