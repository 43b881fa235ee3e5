"""Switchback from a terminal: a plan as a file, and what the blocks say once outcomes are there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from queuebit_domain.experiments.switchback import Block, Compared, Outcome, compared, plan_blocks
from queuebit_operations.errors import BadArgument


class PlanDocument(BaseModel):
    """A plan: times are seconds from its beginning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arms: tuple[str, str]
    block_s: float = Field(gt=0)
    burn_in_s: float = Field(ge=0)
    seed: int
    blocks: tuple[Block, ...]


def planned(
    lanes: Sequence[str], arms: tuple[str, str], *, blocks: int, block_s: float, burn_in_s: float, seed: int
) -> PlanDocument:
    """A plan in which each arm has the same hours of each lane. Raises BadArgument."""
    if burn_in_s >= block_s:
        remedy = "Take a block several times as long as a queue needs to drain."
        raise BadArgument(f"A burn-in of {burn_in_s:g} s leaves nothing of a block of {block_s:g} s.", remedy=remedy)
    try:
        found = plan_blocks(lanes, blocks, block_s, arms, Random(seed).randrange)
    except ValueError as error:
        raise BadArgument(str(error), remedy="See queuebit experiment switchback-plan --help.") from None
    return PlanDocument(arms=arms, block_s=block_s, burn_in_s=burn_in_s, seed=seed, blocks=found)


def analysed(plan_file: str, outcomes_file: str, confidence: float) -> tuple[PlanDocument, Compared]:
    """What the outcomes say. Raises BadArgument."""
    try:
        plan = PlanDocument.model_validate_json(Path(plan_file).read_bytes())
        lines = Path(outcomes_file).read_text().splitlines()
    except (OSError, ValidationError) as error:
        raise BadArgument(
            f"{plan_file} or {outcomes_file} cannot be read: {error}", remedy="Check both files."
        ) from None
    outcomes = [_outcome(line, number) for number, line in enumerate(lines, start=1) if line.strip()]
    try:
        return plan, compared(plan.blocks, outcomes, plan.arms, burn_in_s=plan.burn_in_s, confidence=confidence)
    except ValueError as error:
        raise BadArgument(str(error), remedy="Run the plan longer, or with more lanes.") from None


def document_of(plan: PlanDocument, found: Compared) -> Mapping[str, Any]:
    """What was found, as one document."""
    low, high = found.difference.low, found.difference.high
    return {
        "arms": list(plan.arms),
        "difference": found.difference.value,
        "low": low,
        "high": high,
        "decided": low > 0 or high < 0,
        "blocks": found.blocks,
        "jobs": found.jobs,
        "left_out": found.left_out,
    }


def _outcome(line: str, number: int) -> Outcome:
    try:
        said = json.loads(line)
        return Outcome(float(said["at_s"]), str(said["lane"]), float(said["value"]))
    except (ValueError, KeyError, TypeError):
        remedy = 'An outcome is {"at_s": 12.5, "lane": "quantum", "value": 3.1}.'
        raise BadArgument(f"Line {number} is no outcome.", remedy=remedy) from None
