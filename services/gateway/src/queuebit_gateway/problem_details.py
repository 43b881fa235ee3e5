"""Every answer that is not the one asked for: one body (RFC 9457), one exception; the codes stand in one table.

Clients decide by `code` and `retry`; people read `detail` and `remedy`. Nothing that a caller sent is echoed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from queuebit_contracts.errors import FIELD_LENGTH_MAX, TEXT_LENGTH_MAX, FieldError, shortened
from queuebit_contracts.model import Model
from queuebit_gateway.problem_types import PROBLEMS, ProblemType, Retry

MEDIA_TYPE = "application/problem+json"
ERRORS_MAX = 20


class ProblemField(Model):
    """One thing wrong with one field. `pointer` is a JSON pointer into the body; a query or header is named as such."""

    pointer: str
    code: str
    detail: str


class ProblemBody(Model):
    """Problem details (RFC 9457) with what a machine needs to go on: `code`, `retry`, `remedy`."""

    type: str = Field(description="Relative reference of the page about this code.")
    title: str
    status: int
    detail: str
    code: str
    retry: Retry
    remedy: str
    errors: tuple[ProblemField, ...] = ()
    request_id: str = ""
    job_id: UUID | None = None
    retry_after_ms: int | None = None


class ProblemPage(Model):
    """What a code means."""

    code: str
    status: int
    title: str
    retry: Retry
    remedy: str

    @classmethod
    def of(cls, item: ProblemType) -> ProblemPage:
        """The page of a row of the table."""
        return cls(code=item.code, status=item.status, title=item.title, retry=item.retry, remedy=item.remedy)


class ProblemPages(Model):
    """Every code."""

    object: Literal["list"] = "list"
    data: tuple[ProblemPage, ...]


class Refusal(Exception):
    """The request cannot be served: a row of the table with what is particular to this request."""

    transient = False

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        remedy: str = "",
        errors: Iterable[FieldError] = (),
        job_id: UUID | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.problem = PROBLEMS[code]
        super().__init__(detail or self.problem.title)
        self.detail = detail or f"{self.problem.title}."
        self.remedy = remedy or self.problem.remedy
        self.errors = tuple(errors)[:ERRORS_MAX]
        self.job_id = job_id
        self.headers = dict(headers or {})
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[Any, ...]:
        """As it comes out of another process: what a check of a body says, without what is the door's own."""
        rebuild = partial(Refusal, self.problem.code, self.detail, remedy=self.remedy, errors=self.errors)
        return rebuild, ()

    def body(self, request_id: str) -> ProblemBody:
        """The answer as it goes over the wire: short, whatever the names that a caller chose."""
        return ProblemBody(
            type=f"/problems/{self.problem.code}",
            title=self.problem.title,
            status=self.problem.status,
            detail=_shown(self.detail, TEXT_LENGTH_MAX),
            code=self.problem.code,
            retry=self.problem.retry,
            remedy=self.remedy,
            errors=tuple(
                ProblemField(
                    pointer=_shown(e.pointer, FIELD_LENGTH_MAX), code=e.code, detail=_shown(e.detail, FIELD_LENGTH_MAX)
                )
                for e in self.errors
            ),
            request_id=request_id,
            job_id=self.job_id,
            retry_after_ms=None if self.retry_after_s is None else round(self.retry_after_s * 1000),
        )


def _shown(text: str, length_max: int) -> str:
    """The text, cut where it is longer; what UTF-8 cannot state, half of a surrogate pair, is a question mark."""
    return shortened(text, length_max).encode("utf-8", "replace").decode()
