"""The path as a union of frozen states, and its fold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple, assert_never

from queuebit_contracts.canonical import canonical_json
from queuebit_contracts.paths import (
    PathEvent,
    PathFrozen,
    PathGateDecided,
    PathPairRecorded,
    PathRegistered,
    PathReopened,
    PathRetired,
    PathStageChanged,
    Stage,
)
from queuebit_domain.errors import CorruptStream
from queuebit_domain.paths.gate import Gate, Seen, folded
from queuebit_domain.paths.value import Value, valued

REMEMBERED_MAX: Final = 2_000
"""So many problems are remembered, each with its epoch, to know a repeat."""
EPOCHS_MAX: Final = 64
"""More epochs than that are not told apart: no gate asks for so many."""
ANEW: Final[frozenset[Stage]] = frozenset({"simulate", "batch_pilot", "shadow"})
"""On entering these the evidence begins anew: the jobs are others than before."""


HISTORY_MAX: Final = 200
"""So many steps of a path are remembered, the first and the last of them."""


class Step(NamedTuple):
    """Something that the path did, or that was shown of it, for its report."""

    at: datetime
    pairs: int
    what: str
    why: str


_LATER: Final = frozenset({"measure", "outcome_horizon_s", "path_brought", "base_brought", "missing"})


@dataclass(frozen=True, slots=True)
class NoPath:
    """Nothing happened yet."""


@dataclass(frozen=True)
class Path:
    """A path on its way. `since`: when it came to its stage; `epochs`: those that its evidence is of. `problems`: those that
    made a pair, each with its epoch, the latest last. `folded`: the last pair, in the order of the questions. `done`: pairs
    that count and were asked in this stage, and step of it. `invalid_pairs`: those of them that gave no valid answer. `digest`:
    the chain of the hashes of all its events.
    """

    registered: PathRegistered
    registered_at: datetime
    version: int
    stage: Stage
    since: datetime
    percent: int = 0
    frozen: PathFrozen | None = None
    gate: Gate = field(default_factory=Gate)
    epochs: frozenset[str] = frozenset()
    epoch: str = ""
    problems: Mapping[str, None] = field(default_factory=dict)
    folded: PathPairRecorded | None = None
    done: int = 0
    invalid_pairs: int = 0
    value: Value = field(default_factory=Value)
    rollbacks: int = 0
    retired: PathRetired | None = None
    history: tuple[Step, ...] = ()
    digest: str = ""

    @property
    def seq(self) -> int:
        """The number of pairs recorded so far."""
        return 0 if self.folded is None else self.folded.seq

    @property
    def measures(self) -> bool:
        """Whether jobs go to the path at all."""
        return self.frozen is None and self.stage != "retired"

    @property
    def answers(self) -> int:
        """Per cent of the cohort whose answer may be the path's."""
        if not self.measures:
            return 0
        return self.percent if self.stage == "canary" else 100 if self.stage == "production" else 0


def evolve_path(path: NoPath | Path, event: PathEvent, at: datetime) -> Path:
    """The path after one more event, recorded at `at`. Raises CorruptStream where it does not fit those before."""
    if isinstance(path, NoPath):
        if not isinstance(event, PathRegistered):
            raise CorruptStream(f"{type(event).__name__} stands first in the stream of a path")
        first = Step(at, 0, f"registered by {event.owner}", event.reason)
        return Path(event, at, 1, event.start, at, history=(first,), digest=_chained("", event))
    known: dict[str, Any] = {
        "version": path.version + 1,
        "digest": _chained(path.digest, event),
        "history": _told(path, event, at),
    }
    match event:
        case PathPairRecorded():
            return replace(_with_pair(path, event), **known)
        case PathGateDecided():
            return replace(path, **known)
        case PathStageChanged():
            return replace(_moved(path, event.to_stage, event.percent, at), **known)
        case PathFrozen():
            return replace(path, frozen=event, **known)
        case PathRetired():
            return replace(_moved(path, "retired", 0, at), retired=event, frozen=None, **known)
        case PathReopened():
            return replace(_moved(path, event.to_stage, 0, at), retired=None, frozen=None, **known)
        case PathRegistered():
            raise CorruptStream("PathRegistered stands in the middle of the stream of a path")
        case _:
            assert_never(event)


def is_repeat(path: Path, fingerprint: str, epoch: str) -> bool:
    """Whether this problem made a pair in this epoch already. Epochs take turns where a path has several backends."""
    return _in_epoch(epoch, fingerprint) in path.problems


def _in_epoch(epoch: str, fingerprint: str) -> str:
    return f"{epoch} {fingerprint}"


def _with_pair(path: Path, pair: PathPairRecorded) -> Path:
    if pair.seq != path.seq + 1:
        raise CorruptStream(f"a path has the pair {pair.seq} after the pair {path.seq}")
    spec = path.registered.spec
    problems = {**path.problems, _in_epoch(pair.epoch, pair.problem_fingerprint): None}
    if len(problems) > REMEMBERED_MAX:
        problems.pop(next(iter(problems)))
    of_stage = pair.counted and pair.planned_at >= path.since
    return replace(
        path,
        gate=folded(path.gate, pair, spec),
        epochs=path.epochs | {pair.epoch} if len(path.epochs) < EPOCHS_MAX else path.epochs,
        epoch=pair.epoch,
        problems=problems,
        folded=pair,
        done=path.done + of_stage,
        invalid_pairs=path.invalid_pairs + (of_stage and not pair.path_ok),
        value=valued(path.value, pair, path.registered, path.registered_at),
    )


def _moved(path: Path, stage: Stage, percent: int, at: datetime) -> Path:
    anew = stage in ANEW and (stage != path.stage or path.frozen is not None)
    back = stage == "shadow" and path.stage in ("advisory", "canary", "production")
    return replace(
        path,
        stage=stage,
        percent=percent,
        since=at,
        done=0,
        invalid_pairs=0,
        gate=Gate() if anew else replace(path.gate, seen=Seen()),
        epochs=frozenset() if anew else path.epochs,
        rollbacks=path.rollbacks + back,
    )


def _chained(digest: str, event: PathEvent) -> str:
    text = f"{digest} {type(event).__name__} ".encode() + canonical_json(_as_told(event))
    return hashlib.sha256(text).hexdigest()


def _as_told(value: PathEvent) -> dict[str, Any]:
    """The fields as they were hashed ever since: those that came later only where they say something."""
    return {name: each for name, each in value.__dict__.items() if each is not None or name not in _LATER}


def _told(path: Path, event: PathEvent, at: datetime) -> tuple[Step, ...]:
    """The history with what is worth telling of the event; of a long one the middle is left out."""
    pairs = path.seq
    match event:
        case PathGateDecided():
            step = Step(
                at, pairs, f"shown: {event.hypothesis}", f"log odds {event.log_e:.3f} of {event.log_threshold:.3f}"
            )
        case PathStageChanged():
            percent = f" {event.percent} %" if event.percent else ""
            step = Step(at, pairs, f"{event.from_stage} -> {event.to_stage}{percent} by {event.actor}", event.why)
        case PathFrozen():
            step = Step(at, pairs, f"frozen by {event.actor}", event.reason)
        case PathRetired():
            step = Step(at, pairs, f"retired by {event.actor}", event.reason)
        case PathReopened():
            step = Step(
                at, pairs, f"reopened into {event.to_stage} by {event.actor}", f"{event.trigger}: {event.reason}"
            )
        case PathRegistered() | PathPairRecorded():
            return path.history
        case _:
            assert_never(event)
    told = (*path.history, step)
    return told if len(told) <= HISTORY_MAX else (*told[: HISTORY_MAX // 2], *told[1 - HISTORY_MAX // 2 :])
