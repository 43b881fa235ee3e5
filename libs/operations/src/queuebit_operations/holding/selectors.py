"""What a hold names, from the flags of a verb."""

from __future__ import annotations

import re
from uuid import UUID

from queuebit_contracts.jobs import LANES, TIERS, is_tenant_name
from queuebit_contracts.operators import HoldScope
from queuebit_operations.errors import BadArgument

_KIND = re.compile(r"[a-z][a-z0-9_]{0,62}")


def selected(**named: str | None) -> tuple[HoldScope, str]:
    """The one thing that is named; everything where nothing is. Raises BadArgument, which names the flag."""
    given = [(scope, value) for scope, value in named.items() if value is not None]
    if not given:
        return "all", ""
    if len(given) > 1:
        flags = " and ".join(f"--{scope}" for scope, _ in given)
        raise BadArgument(f"{flags} cannot be combined.", remedy="Place a hold for each.")
    scope, value = given[0]
    match scope:
        case "job":
            return "job", str(_job(value))
        case "tenant" if is_tenant_name(value):
            return "tenant", value
        case "kind" if _KIND.fullmatch(value):
            return "kind", value
        case "lane" if value in LANES:
            return "lane", value
        case "tier" if value in TIERS:
            return "tier", value
        case "backend" if value:
            return "backend", value
    known = {"lane": f" There are: {', '.join(LANES)}.", "tier": f" There are: {', '.join(TIERS)}."}.get(scope, "")
    raise BadArgument(f"--{scope} {value!r} cannot be one.{known}", remedy="See --help.")


def _job(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadArgument(f"--job {text!r} is no job id.", remedy="Copy it whole from queuebit jobs list.") from None
