"""Paths as they are shown: how far each is trusted, what its gate says and lacks, what it brought and cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import AwareDatetime, Field

from queuebit_contracts.jobs import CurrencyCode, Lane, Money
from queuebit_contracts.model import Model
from queuebit_contracts.paths import GateSpec, Hypothesis, Measure, PathKey, Stage
from queuebit_domain.errors import CorruptStream
from queuebit_domain.paths.choosing import Cohort, by_cohort
from queuebit_domain.paths.codec import fold_path
from queuebit_domain.paths.cohort import CATEGORY
from queuebit_domain.paths.gate import BEGINNING, log_odds, log_threshold
from queuebit_domain.paths.judging import WORDS, exhausted, judge
from queuebit_domain.paths.report import name_of
from queuebit_domain.paths.state import NoPath, Path
from queuebit_domain.paths.value import amount_in
from queuebit_gateway.problem_details import Refusal
from queuebit_store.ports import StreamRow, StreamStore

PAGE = 500
PATHS_MAX = 2000
_ASKED: tuple[Hypothesis, ...] = (*BEGINNING, "sample_ratio")


class EvidenceView(Model):
    """What the gate bets on: the logarithm of the odds now, what it must reach, and after how many pairs it did."""

    hypothesis: Hypothesis
    meaning: str
    log_e: float
    log_threshold: float
    shown_after_pairs: int | None = None


class Sum(Model):
    """What many pairs brought together, however much: an exact amount, below zero where something was lost."""

    amount: str
    currency: CurrencyCode


class OutcomesView(Model):
    """What acting on the answers brought, over the pairs of which both outcomes are `told`. `measure`: by which of them the
    gate goes, where it does; `untold`: the pairs that do not count as one is missing.
    """

    measure: Measure | None = None
    told: int = 0
    untold: int = 0
    path: tuple[Sum, ...] = ()
    base: tuple[Sum, ...] = ()


class PathView(Model):
    """A quantum way of answering a cohort. `answers_percent`: of the cohort, now. `verdict` and `why`: what the gate says."""

    object: str = "path"
    id: UUID
    path: str = Field(description="Its name: kind, size band, tier and version.")
    key: PathKey
    name: str
    lane: Lane
    owner: str
    stage: Stage
    percent: int = Field(description="The step of a canary; 0 in other stages.")
    answers_percent: int
    frozen: str | None = Field(default=None, description="Why nothing goes to it, where that is so.")
    since: AwareDatetime
    verdict: str
    why: tuple[str, ...]
    exhausted: str | None = Field(default=None, description="Why nothing further is measured, where that is so.")
    pairs: int
    wins: int
    ties: int
    rollbacks: int
    cost: Money
    budget: Money
    outcomes: OutcomesView = OutcomesView()
    evidence: tuple[EvidenceView, ...]
    spec: GateSpec
    digest: str = Field(description="The hash of all that happened to it.")


class PathList(Model):
    """Every path, by its name."""

    object: str = "list"
    data: tuple[PathView, ...]


class PathsRead:
    """Reads the streams of paths; nothing here writes."""

    def __init__(self, store: StreamStore) -> None:
        self._store = store
        self._known: dict[UUID, tuple[int, Path | None]] = {}

    async def taking_part(self) -> Mapping[Cohort, Path]:
        """The path of each cohort that has one that measures or answers. One that cannot be read is left alone, as the control
        plane leaves it. Raises StoreUnavailable.
        """
        rows = await self._store.walk_heads(limit=PATHS_MAX, category=CATEGORY)
        for row in rows:
            if self._known.get(row.stream_id, (0, None))[0] < row.version:
                self._known[row.stream_id] = (row.version, await self._folded_or_none(row))
        found = [self._known[row.stream_id][1] for row in rows]
        return by_cohort(path for path in found if path is not None)

    async def _folded_or_none(self, row: StreamRow) -> Path | None:
        try:
            return await self._folded(row)
        except Refusal:
            return None

    async def all(self, now: datetime) -> PathList:
        """Raises StoreError, and Refusal history_unreadable where one of them makes no story."""
        rows = await self._store.walk_heads(limit=PATHS_MAX, category=CATEGORY)
        found = [_view(row.stream_id, await self._folded(row), now) for row in rows]
        return PathList(data=tuple(sorted(found, key=lambda view: view.path)))

    async def one(self, path_id: UUID, now: datetime) -> PathView:
        """Raises Refusal path_not_found too."""
        row = (await self._store.heads([path_id])).get(path_id)
        if row is None or row.category != CATEGORY:
            raise Refusal("path_not_found")
        return _view(path_id, await self._folded(row), now)

    async def _folded(self, row: StreamRow) -> Path:
        path: NoPath | Path = NoPath()
        try:
            while stored := await self._store.events_of(
                row.stream_id, after_version=0 if isinstance(path, NoPath) else path.version, limit=PAGE
            ):
                path = fold_path(stored, path)
        except CorruptStream as error:
            raise Refusal("history_unreadable") from error
        assert isinstance(path, Path)
        return path


def _view(path_id: UUID, path: Path, now: datetime) -> PathView:
    registered, value, found = path.registered, path.value, judge(path, now)
    currency = registered.budget.currency
    return PathView(
        id=path_id,
        path=name_of(registered.key),
        key=registered.key,
        name=registered.name,
        lane=registered.lane,
        owner=registered.owner,
        stage=path.stage,
        percent=path.percent,
        answers_percent=path.answers,
        frozen=None if path.frozen is None else path.frozen.reason,
        since=path.since,
        verdict=found.word,
        why=found.why,
        exhausted=exhausted(path),
        pairs=value.pairs,
        wins=value.wins,
        ties=value.ties,
        rollbacks=path.rollbacks,
        cost=Money(amount=f"{amount_in(value.cost, currency):f}", currency=currency),
        budget=registered.budget,
        outcomes=OutcomesView(
            measure=registered.measure,
            told=value.told,
            untold=value.untold,
            path=_brought(value.path_brought),
            base=_brought(value.base_brought),
        ),
        evidence=tuple(_evidence(path, each) for each in _ASKED),
        spec=registered.spec,
        digest=path.digest,
    )


def _evidence(path: Path, hypothesis: Hypothesis) -> EvidenceView:
    return EvidenceView(
        hypothesis=hypothesis,
        meaning=WORDS[hypothesis],
        log_e=round(log_odds(path.gate, hypothesis), 6),
        log_threshold=round(log_threshold(hypothesis, path.registered.spec), 6),
        shown_after_pairs=path.gate.shown.get(hypothesis),
    )


def _brought(sums: Mapping[str, Decimal]) -> tuple[Sum, ...]:
    return tuple(Sum(amount=f"{amount:f}", currency=currency) for currency, amount in sorted(sums.items()))
