"""Places for what lasts, such as streams: so many in all, and so many of one tenant, so that none keeps out the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from queuebit_gateway.problem_details import Refusal

RETRY_AFTER_S = 5.0


class Places:
    """Counts who is there, in one process."""

    def __init__(self, what: str, *, in_all_max: int, of_tenant_max: int) -> None:
        self._what = what
        self._in_all_max = in_all_max
        self._of_tenant_max = of_tenant_max
        self.taken: Counter[str] = Counter()

    @contextmanager
    def taken_by(self, tenant: str) -> Iterator[None]:
        """A place while it lasts. Raises Refusal: rate_limited where the tenant has enough, service_unavailable where all are
        taken.
        """
        if self.taken[tenant] >= self._of_tenant_max:
            detail = f"You have {self.taken[tenant]} {self._what} open here."
            raise Refusal("rate_limited", detail, retry_after_s=RETRY_AFTER_S)
        if self.taken.total() >= self._in_all_max:
            raise Refusal("service_unavailable", f"Too many {self._what} are open here.", retry_after_s=RETRY_AFTER_S)
        self.taken[tenant] += 1
        try:
            yield
        finally:
            self.taken[tenant] -= 1
            if not self.taken[tenant]:
                del self.taken[tenant]
