"""How verbs on many jobs choose them, and how they act on what was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from collections.abc import Mapping

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.choosing.port import AnsweredBy, Standing

Jobs = Annotated[
    list[UUID] | None, typer.Argument(metavar="[JOB]...", help="These jobs; absent, those that the flags name.")
]
_Since = Annotated[
    datetime | None, typer.Option("--since", formats=o.FORMATS, help="From this time on.", metavar="TIME")
]
_Until = Annotated[
    datetime | None, typer.Option("--until", formats=o.FORMATS, help="Before this time.", metavar="TIME")
]
_Tenant = Annotated[str | None, typer.Option("--tenant", help="Of this tenant.")]
_Kind = Annotated[str | None, typer.Option("--kind", help="Of this kind of problem.")]
_Tier = Annotated[str | None, typer.Option("--tier", help="Of this tier.")]
_Backend = Annotated[str | None, typer.Option("--backend", help="Answered by this backend.")]
_Version = Annotated[str | None, typer.Option("--solver-version", help="Answered by this version of the backend.")]
_Calibrated = Annotated[
    str | None, typer.Option("--calibrated-at", help="Answered under the calibration of this time.", metavar="TIME")
]


@dataclass(frozen=True, slots=True)
class Within:
    """Jobs of some time, of whom and of which kind."""

    since: _Since = None
    until: _Until = None
    tenant: _Tenant = None
    kind: _Kind = None

    @property
    def times(self) -> tuple[datetime | None, datetime | None]:
        """The times with their zones."""
        return o.in_utc(self.since), o.in_utc(self.until)

    def given(self) -> dict[str, str | None]:
        """What is recorded of it."""
        since, until = self.times
        return {
            "tenant": self.tenant,
            "kind": self.kind,
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
        }


@dataclass(frozen=True, slots=True)
class Waiting(Within):
    """Jobs that have not ended."""

    tier: _Tier = None

    def standing(self, state: str | None) -> Standing:
        """Those in a state, or in any."""
        from queuebit_operations.choosing.port import Standing

        return Standing(state, self.tenant, self.kind, self.tier, *self.times)


@dataclass(frozen=True, slots=True)
class Answered(Within):
    """Jobs that were completed, by what answered them."""

    backend: _Backend = None
    solver_version: _Version = None
    calibrated_at: _Calibrated = None

    def answered(self, *, suspect: bool = False) -> AnsweredBy:
        """Those whose answers count still, or the `suspect` ones."""
        from queuebit_operations.choosing.port import AnsweredBy

        return AnsweredBy(
            self.backend,
            self.solver_version,
            self.calibrated_at,
            *self.times,
            self.tenant,
            self.kind,
            suspect=suspect,
        )


async def act_on_waiting(
    verb: str,
    jobs: list[UUID] | None,
    chosen: Waiting,
    state: str | None,
    acting: b.Acting,
    more: Mapping[str, str] | None = None,
    *,
    flags: bool = False,
    needed: bool = True,
) -> ExitCode:
    """Act on jobs that are named, or that stand so. `flags`: whether more flags than these choose; `needed`: as in `_named`."""
    import os

    from queuebit_contracts.jobs import TIERS
    from queuebit_operations.choosing.postgres import OPEN_STATES, opened_choosing
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.errors import BadArgument

    acting.need_reason()
    if state is not None and state not in OPEN_STATES:
        raise BadArgument(f"--state {state!r} is none of: {', '.join(OPEN_STATES)}.", remedy="See --help.")
    if chosen.tier is not None and chosen.tier not in TIERS:
        raise BadArgument(f"--tier {chosen.tier!r} is none of: {', '.join(TIERS)}.", remedy="See --help.")
    targets = _named(jobs, flags=flags or chosen != Waiting(), needed=needed)
    if not targets:
        async with opened_choosing(postgres_settings(os.environ)) as choosing:
            targets = await choosing.standing(chosen.standing(state))
    given = {"state": state, "tier": chosen.tier, **chosen.given(), **(more or {})}
    return await b.freeze_and_act(verb, given, targets, acting)


async def act_on_answered(
    verb: str,
    jobs: list[UUID] | None,
    chosen: Answered,
    acting: b.Acting,
    more: Mapping[str, str | None],
    *,
    suspect: bool = False,
) -> ExitCode:
    """Act on jobs that are named, or were answered so."""
    import os

    from queuebit_contracts.jobs import LANES
    from queuebit_operations.choosing.postgres import opened_choosing
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.errors import BadArgument

    acting.need_reason()
    lane = more.get("lane")
    if lane is not None and lane not in (*LANES, "auto"):
        raise BadArgument(f"--lane {lane!r} is none of: auto, {', '.join(LANES)}.", remedy="See --help.")
    targets = _named(jobs, flags=suspect or chosen != Answered())
    if not targets:
        async with opened_choosing(postgres_settings(os.environ)) as choosing:
            targets = await choosing.answered(chosen.answered(suspect=suspect))
    given = {
        "backend": chosen.backend,
        "solver_version": chosen.solver_version,
        "calibrated_at": chosen.calibrated_at,
        "suspect": "yes" if suspect else None,
        **chosen.given(),
        **more,
    }
    return await b.freeze_and_act(verb, given, targets, acting)


def _named(jobs: list[UUID] | None, *, flags: bool, needed: bool = True) -> list[UUID]:
    """The jobs that were named by their ids, each once; none where flags choose them, or where the verb itself does (then
    neither is `needed`). Raises BadArgument for both: which was meant is not known.
    """
    from queuebit_operations.errors import BadArgument

    if needed and not jobs and not flags:
        raise BadArgument(
            "No job is named.", remedy="Name jobs by their ids, or by flags such as --backend and --since."
        )
    if jobs and flags:
        raise BadArgument("Jobs are named by their ids and by flags.", remedy="Give the ids, or the flags.")
    return list(dict.fromkeys(jobs or ()))
