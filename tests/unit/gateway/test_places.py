"""Places: none of a tenant keeps out another, and who goes leaves nothing behind."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.read_model.places import Places


def test_so_many_of_a_tenant_so_many_in_all_and_each_is_free_again() -> None:
    places = Places("streams", in_all_max=3, of_tenant_max=2)
    with ExitStack() as held:
        for tenant in ("acme", "acme", "globex"):
            held.enter_context(places.taken_by(tenant))
        refused = {}
        for tenant in ("acme", "globex"):
            with pytest.raises(Refusal) as told, places.taken_by(tenant):
                raise AssertionError
            refused[tenant] = told.value.problem.code
    assert refused == {"acme": "rate_limited", "globex": "service_unavailable"}
    assert not places.taken
    with places.taken_by("acme"):
        assert places.taken == {"acme": 1}
