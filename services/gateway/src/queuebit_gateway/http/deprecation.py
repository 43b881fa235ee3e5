"""How a route goes: announced in every answer of it, half a year ahead at least (RFC 9745, RFC 8594)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from fastapi import Request

from queuebit_gateway.http.parts import tell

NOTICE_MIN = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Since when a route is not to be used any more, from when on it may be gone, and the page that says what to use instead.

    Both times are in UTC; between them lie 180 days at least.
    """

    since: datetime
    sunset: datetime
    see: str

    def __post_init__(self) -> None:
        if self.sunset - self.since < NOTICE_MIN:
            raise ValueError(f"a route is announced to go {NOTICE_MIN.days} days ahead at least")

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": format_datetime(self.sunset, usegmt=True),
            "Link": f'<{self.see}>; rel="deprecation"',
        }


def goes(deprecation: Deprecation) -> Callable[[Request], Awaitable[None]]:
    """A dependency of a route that goes: `dependencies=[Depends(goes(…))], deprecated=True`. Refusals carry the headers too."""

    async def announce(request: Request) -> None:
        for name, value in deprecation.headers.items():
            tell(request, name, value)

    return announce
