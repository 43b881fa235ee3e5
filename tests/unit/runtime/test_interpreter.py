"""How long a thread has had something to compute: what it computed, and what it waited for a processor; and how models are
read by a process that lives long.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from queuebit_runtime.service.interpreter import demanded_s


def test_what_a_thread_waited_for_a_processor_counts_as_what_it_computed(tmp_path: Path) -> None:
    told = tmp_path / "schedstat"
    told.write_text("2000000000 1500000000 7\n")

    assert demanded_s(told) == 3.5


@pytest.mark.parametrize("text", [None, "0 0 0\n", "nothing of the kind\n", ""])
def test_where_the_system_does_not_tell_it_is_what_the_process_computed(tmp_path: Path, text: str | None) -> None:
    """Given no such file, one of a kernel that keeps no account, or another one."""
    told = tmp_path / "schedstat"
    if text is not None:
        told.write_text(text)

    before_s = time.process_time()
    found_s = demanded_s(told)

    assert before_s <= found_s <= time.process_time()


def test_it_grows_as_the_thread_computes() -> None:
    """Given a thread that computes until the process has for a twentieth of a second."""
    before_s, begun_s = demanded_s(), time.thread_time()
    while time.thread_time() < begun_s + 0.05:
        pass

    assert demanded_s() - before_s >= 0.04


_MODELS = """
from typing import Any
from pydantic import BaseModel, ConfigDict, PrivateAttr
from queuebit_runtime.service.interpreter import plain_reads

class Plain(BaseModel):
    name: str

class Private(Plain):
    _secret: int = PrivateAttr(default=7)

class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

class OfItsOwn(Plain):
    def __getattr__(self, name: str) -> Any:
        return f"no {name}"

plain_reads()
plain_reads()

class Later(Plain):
    _secret: int = PrivateAttr(default=8)

class Further(Private):
    pass

for model in (Plain, Private, Open, OfItsOwn, Later, Further):
    print(model.__name__, any("__getattr__" in vars(each) for each in model.__mro__))
print(Plain(name="a").name, Private(name="b")._secret, Open(more=9).more, OfItsOwn(name="c").what, Later(name="d")._secret)
print(Further(name="e")._secret, Private(name="f").model_copy().name, Open(more=1) == Open(more=1))
for each in (Plain(name="a"), Private(name="b"), Open(more=9), Later(name="d")):
    try:
        each.nothing
    except AttributeError as error:
        print(error)
"""


def test_models_are_read_without_a_hook_but_for_those_that_need_it() -> None:
    """Given models with private fields, with further ones and with a hook of their own; and some that are made later."""
    told = subprocess.run((sys.executable, "-c", _MODELS), check=True, capture_output=True, text=True).stdout

    assert told.splitlines() == [
        "Plain False",
        *(f"{name} True" for name in ("Private", "Open", "OfItsOwn", "Later", "Further")),
        "a 7 9 no what 8",
        "7 f True",
        "'Plain' object has no attribute 'nothing'",
        "'Private' object has no attribute 'nothing'",
        "'Open' object has no attribute 'nothing'",
        "'Later' object has no attribute 'nothing'",
    ]
