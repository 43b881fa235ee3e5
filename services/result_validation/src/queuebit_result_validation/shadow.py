"""The verdict once more, from what is recorded, for `queuebit ops replay shadow`. Pure.

What the validator knew besides the answer is taken from the recorded verdict: how earlier answers had fared, and the age of a
calibration at that moment.
"""

from __future__ import annotations

import re
from datetime import datetime

from queuebit_contracts.events import ExecutionSucceeded, ResultRejected, ResultValidated
from queuebit_contracts.jobs import Confidence
from queuebit_result_validation.findings import Code
from queuebit_result_validation.history import NO_TRACK, Track
from queuebit_result_validation.measured import is_measurement, validate_measurement
from queuebit_result_validation.validate import validate

MOMENT = 1e-3
"""By so much a part that ages, and the mean that it belongs to, may differ: two minutes in the life of a calibration."""
_EARLIER = re.compile(r"(\d+) of the last (\d+) accepted")
_DROPPED = re.compile(rf"^{Code.ACCEPTANCE_DROPPED}: .*?(\d+) of the last (\d+), (\d+) of (\d+)$")
_TWO_RUNS = "total variation between two runs"

Verdict = ResultValidated | ResultRejected


def verdict_again(execution: ExecutionSucceeded, recorded: Verdict, at: datetime) -> Verdict | None:
    """What this version says of the answer; None where it was compared with a run that the record does not name."""
    track = _track(recorded)
    if not is_measurement(execution):
        verdict = validate(execution, at, track)
    elif any(_TWO_RUNS in reason for reason in recorded.reasons):
        return None
    else:
        verdict = validate_measurement(execution, at, track)
    if not (isinstance(verdict, ResultValidated) and isinstance(recorded, ResultValidated)):
        return verdict
    if not _of_another_moment(verdict.confidence, recorded.confidence):
        return verdict
    return verdict.model_copy(update={"confidence": recorded.confidence})


def _track(recorded: Verdict) -> Track:
    for reason in recorded.reasons:
        if (found := _DROPPED.match(reason)) is not None:
            recent_accepted, recent_count, accepted, count = map(int, found.groups())
            return Track(count, accepted, recent_count, recent_accepted)
    if isinstance(recorded, ResultValidated):
        for part in recorded.confidence.parts:
            if part.name == "history" and (said := _EARLIER.search(part.detail)) is not None:
                return Track(int(said[2]), int(said[1]))
    return NO_TRACK


def _of_another_moment(verdict: Confidence, recorded: Confidence) -> bool:
    """Whether both say the same, but for the moment at which the calibration's age was taken."""
    one, other = ([part for part in each.parts if part.name != "calibration"] for each in (verdict, recorded))
    ages = [part.value for each in (verdict, recorded) for part in each.parts if part.name == "calibration"]
    return (
        one == other
        and len(ages) == 2
        and all(abs(a - b) <= MOMENT for a, b in (ages, (verdict.value, recorded.value)))
    )
