"""A path as people write it: a JSON document, of which the version of the path is worked out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from queuebit_contracts.jobs import KindName, Lane, Money, ParamValue, TenantName, Tier
from queuebit_contracts.model import StrictModel
from queuebit_contracts.paths import GateSpec, Measure, OutcomeHorizon, PathKey, PathRegistered, SizeBand
from queuebit_domain.paths.cohort import version_of
from queuebit_operations.errors import BadArgument

BYTES_MAX = 256 * 1024


class PathDocument(StrictModel):
    """What is registered. `made_of`: template, adapter, whatever makes it another path when it changes."""

    kind: KindName
    size_band: SizeBand
    tier: Tier
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    lane: Lane
    settings: Annotated[dict[str, ParamValue], Field(max_length=50)] = {}
    made_of: Annotated[dict[str, str], Field(max_length=20)] = {}
    gate: GateSpec = GateSpec()
    budget: Money
    price_max: Money | None = None
    value_per_win: Money | None = None
    start: Annotated[str, StringConstraints(pattern="^(simulate|batch_pilot|shadow)$")] = "simulate"
    pilot_tenants: Annotated[tuple[TenantName, ...], Field(max_length=20)] = ()
    measure: Measure | None = None
    outcome_horizon_s: OutcomeHorizon | None = None


def registration_of(file: str, *, owner: str, reason: str) -> PathRegistered:
    """The registration that a document states. Raises BadArgument, which names the field."""
    try:
        document = PathDocument.model_validate_json(_text(file))
    except ValidationError as error:
        first = error.errors()[0]
        at = "/".join(map(str, first["loc"]))
        remedy = "See infra/docs/how-to/paths.md for every field."
        raise BadArgument(f"{file}: {at or 'the document'}: {first['msg']}", remedy=remedy) from None
    if document.lane not in ("quantum", "simulator"):
        raise BadArgument(f"{file}: lane: {document.lane} is no quantum way.", remedy="Use quantum or simulator.")
    for money in (document.price_max, document.value_per_win):
        if money is not None and money.currency != document.budget.currency:
            remedy = "State all three in one currency: sums of two are never compared."
            raise BadArgument(f"{file}: {money.currency} beside a budget in {document.budget.currency}.", remedy=remedy)
    key = PathKey(
        kind=document.kind,
        size_band=document.size_band,
        tier=document.tier,
        version=version_of(document.lane, document.settings, document.made_of),
    )
    return PathRegistered(
        key=key,
        name=document.name,
        lane=document.lane,
        settings=document.settings,
        spec=document.gate,
        budget=document.budget,
        price_max=document.price_max,
        value_per_win=document.value_per_win,
        start=document.start,
        pilot_tenants=document.pilot_tenants,
        owner=owner,
        reason=reason,
        measure=document.measure,
        outcome_horizon_s=document.outcome_horizon_s,
    )


def _text(file: str) -> bytes:
    try:
        found = sys.stdin.buffer.read(BYTES_MAX + 1) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise BadArgument(
            f"{file} cannot be read: {error.strerror or error}.", remedy="Name a readable file."
        ) from None
    if len(found) > BYTES_MAX:
        raise BadArgument(f"{file} is larger than {BYTES_MAX} bytes.", remedy="A path takes a page.")
    return found
