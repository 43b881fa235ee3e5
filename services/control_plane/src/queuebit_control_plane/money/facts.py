"""What is left in the budgets of a job, for policies that ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from queuebit_control_plane.inbound.planning import Asked
from queuebit_control_plane.money.treasurer import Treasurer
from queuebit_domain.money.purse import Account, path_of
from queuebit_domain.policy.facts import FactValue

NAME: Final = "budget_left_micros"
MICROS: Final = 1_000_000


class BudgetFacts:
    """Reads what the treasurer knows, which is a quarter of a second old at most."""

    names = frozenset({NAME})

    def __init__(self, treasurer: Treasurer) -> None:
        self._treasurer = treasurer

    async def facts(
        self,
        asked: Sequence[Asked],
        wanted: frozenset[str],  # noqa: ARG002 - the one that it knows
        now: datetime,  # noqa: ARG002
    ) -> Sequence[Mapping[str, FactValue]]:
        """The least that is left in a budget for production that the job stands under; nothing where it has none, or has some
        in several currencies, which are never compared.
        """
        if not await self._treasurer.look():
            return [{} for _ in asked]
        till = await self._treasurer.till(sorted({each.request.tenant for each in asked}), fresh=False)
        found: list[Mapping[str, FactValue]] = []
        for each in asked:
            request = each.request
            path = path_of(request.tenant, request.labels, request.problem.kind)
            accounts = till.purse(request.tenant).on_path(path, "production")
            found.append({NAME: _least(accounts)} if len({one.currency for one in accounts}) == 1 else {})
        return found


def _least(accounts: Sequence[Account]) -> int:
    return int(min(each.left for each in accounts) * MICROS)
