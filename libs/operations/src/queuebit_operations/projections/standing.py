"""How every projection stands: its builds, what is behind, what stands still, and what this release would fold otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from queuebit_contracts.streams import PUBLISHED
from queuebit_domain.projections.projection import Projection
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_operations.projections.building import BuildStore, live_of
from queuebit_store.projections.folding import sentence_of
from queuebit_store.projections.port import Build


@dataclass(frozen=True, slots=True)
class Standing:
    """A build, or a projection that has none. `behind` is counted up to a bound. `remedy`: what to do, if anything is."""

    name: str
    build: Build | None
    behind: int
    oldest_age_s: float | None
    note: str
    remedy: str = ""

    def cells(self) -> list[Any]:
        """As a row of a table."""
        build = self.build
        if build is None:
            return [self.name, "-", "not built", 0, "-", "-", self.note]
        since = f"{build.counts_from:%Y-%m-%d}" if build.counts_from else "the beginning"
        return [self.name, build.build, build.state, build.events, self.behind, since, self.note]


async def standing(
    store: BuildStore, *, count_max: int, projections: Sequence[Projection] = PROJECTIONS
) -> list[Standing]:
    """All of them, those of this release first."""
    builds = await store.builds()
    found = [await _of(store, each, projections, count_max) for each in builds]
    missing = [_missing(each, builds) for each in projections]
    return [each for each in missing if each is not None] + found


async def _of(store: BuildStore, build: Build, projections: Sequence[Projection], count_max: int) -> Standing:
    backlog = await store.backlog(build.lease, count_max=count_max, categories=PUBLISHED)
    known = next((each for each in projections if each.name == build.name), None)
    note = remedy = ""
    if build.failure is not None:
        note = f"stands still before {sentence_of(build.failure)}"
        remedy = f"Look at it: queuebit ops replay inspect {build.failure.stream_id}. A release that takes it goes on."
    elif build.state == "live" and known is None:
        note = "this release does not know it"
        remedy = "Drop it when no older release runs any more."
    elif build.state == "live" and known is not None and known.version != build.version:
        note = f"this release folds version {known.version}"
        remedy = f"queuebit ops projections rebuild {build.name} --then-switch"
    return Standing(build.name, build, backlog.count, backlog.oldest_age_s, note, remedy)


def _missing(projection: Projection, builds: Sequence[Build]) -> Standing | None:
    if live_of(builds, projection.name) is not None:
        return None
    remedy = "Let a control plane run, or: queuebit ops projections run --once"
    return Standing(projection.name, None, 0, None, "nobody has run it yet", remedy)


def document_of(standing: Standing) -> dict[str, Any]:
    """As JSON."""
    build = standing.build
    known = {} if build is None else _build_document(build)
    about = {"behind": standing.behind, "oldest_age_s": standing.oldest_age_s, "note": standing.note}
    return {"projection": standing.name, **known, **about, "remedy": standing.remedy}


def _build_document(build: Build) -> dict[str, Any]:
    failure = build.failure
    return {
        "build": build.build,
        "version": build.version,
        "state": build.state,
        "events": build.events,
        "cursor": list(build.cursor),
        "counts_from": build.counts_from.isoformat() if build.counts_from else None,
        "created_at": build.created_at.isoformat(),
        "switched_at": build.switched_at.isoformat() if build.switched_at else None,
        "saved_at": build.saved_at.isoformat() if build.saved_at else None,
        "failure": None
        if failure is None
        else {
            "position": list(failure.position),
            "job": str(failure.stream_id),
            "version": failure.version,
            "type": failure.type,
            "error": failure.error,
            "at": failure.at.isoformat(),
        },
    }
