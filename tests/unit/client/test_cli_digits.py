"""A file or a request with an integer of too many digits: it is JSON, and the place is named."""

from __future__ import annotations

import pytest

from queuebit_client.cli.files import BadFile, json_of
from queuebit_client.core import Core
from queuebit_client.errors import InvalidRequest, WrongField

LONG = "9" * 5000


def test_names_the_place() -> None:
    text = f'{{"problem": {{"statement": {{"a/b": [1, -{LONG}, 2]}}}}, "seed": {"1" * 400}}}'
    with pytest.raises(BadFile) as found:
        json_of("a.json", text)
    assert found.value.detail == "a.json: /problem/statement/a~1b/1: has 5000 digits; an integer may have 308."
    assert found.value.remedy == "Write a number with fewer digits."
    assert found.value.fields == (
        WrongField("/problem/statement/a~1b/1", "too_many_digits", "has 5000 digits; an integer may have 308"),
        WrongField("/seed", "too_many_digits", "has 400 digits; an integer may have 308"),
    )


@pytest.mark.parametrize("text", [f'{{"a": {LONG}, }}', '{"a": 1,,}', '{"a": NaN}'])
def test_what_is_no_json_is_told_so(text: str) -> None:
    with pytest.raises(BadFile, match=r"a\.json is not valid JSON"):
        json_of("a.json", text)


def test_digits_in_text_are_text() -> None:
    assert json_of("a.json", f'{{"a": "{LONG}"}}') == {"a": LONG}


def test_a_request_in_code_is_told_the_same() -> None:
    with pytest.raises(InvalidRequest, match="too many digits"):
        next(Core().submit({"seed": int("9" * 4000) ** 2}, "k", None))
