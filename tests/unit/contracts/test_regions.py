"""Where the data of a job may go: what it names, and what a backend states."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_contracts.regions import (
    LOCAL,
    REGIONS_MAX,
    is_allowed,
    region_of_arn,
    region_of_crn,
    regions_in,
    regions_of,
)


@pytest.mark.parametrize(
    ("region", "regions", "allowed"),
    [
        ("eu-de", ("eu",), True),
        ("eu-de", ("us-east", "eu-de"), True),
        ("eu", ("eu-de",), False),
        ("europe", ("eu",), False),
        ("us-east", ("eu",), False),
        ("us-east", ("us-east-1",), False),
        ("us-east", None, True),
        (LOCAL, ("eu",), True),
        (LOCAL, (), True),
        ("eu", (LOCAL,), False),
        ("", ("eu",), False),
        (None, ("eu",), False),
        ("", None, True),
        ("eu", (), False),
    ],
)
def test_a_backend_is_allowed_where_it_states_one_of_the_regions(
    region: str | None, regions: tuple[str, ...] | None, *, allowed: bool
) -> None:
    assert is_allowed(region, regions) is allowed


def test_a_list_is_read_in_order_and_each_once() -> None:
    assert regions_in("eu, us-east,eu") == ("eu", "us-east")


@pytest.mark.parametrize("text", ["", "EU", "eu,", "eu us", "-eu", "e" * 17, "a-b-c-d-e", "eu;us"])
def test_what_is_no_code_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is the code of no region"):
        regions_in(text)


def test_there_are_not_more_than_a_few() -> None:
    most = ",".join(f"r{number}" for number in range(REGIONS_MAX))

    assert len(regions_in(most)) == REGIONS_MAX
    with pytest.raises(ValueError, match=f"{REGIONS_MAX} at most"):
        regions_in(f"{most},eu")


@pytest.mark.parametrize(
    ("params", "found"),
    [({}, None), ({"regions": "eu"}, ("eu",)), ({"regions": "EU"}, ()), ({"regions": True}, ()), ({"regions": ""}, ())],
)
def test_what_cannot_be_read_allows_nothing_outside(params: dict[str, Any], found: tuple[str, ...] | None) -> None:
    assert regions_of(params) == found


def test_names_of_clouds_say_their_region_or_none() -> None:
    crn = "crn:v1:bluemix:public:quantum-computing:eu-de:a/0123:45-67::"

    assert (region_of_crn(crn), region_of_arn("arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet")) == (
        "eu-de",
        "eu-north-1",
    )
    assert [region_of_crn(each) for each in ("my-instance", "", "crn:v1", "arn:v1:b:p:q:eu-de:a")] == ["", "", "", ""]
    assert region_of_arn("arn:aws:braket:::device/quantum-simulator/amazon/sv1") == ""
