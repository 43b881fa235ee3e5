"""What a row of the table of problems holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Retry = Literal["never", "same_request", "after_change"]


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of refusal: its HTTP status, a title that never varies, whether to try again, and the usual remedy."""

    code: str
    status: int
    title: str
    retry: Retry
    remedy: str
