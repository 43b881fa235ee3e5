"""The state file, and what is decided from it."""

import stat
from pathlib import Path

import pytest

from queuebit_devstack.errors import StackBusy, StateUnreadable
from queuebit_devstack.leftovers import Standing, judge
from queuebit_devstack.processes import Observed, is_ours
from queuebit_devstack.state import ProcessRecord, StackState, StateFile, dump_state, parse_state

OWNER = ProcessRecord("owner", 10, 1000.0, "python")
DATABASE = ProcessRecord("postgres", 11, 1001.5, "/data/postgres", 5555, "/data/logs/postgres.log")
BROKER = ProcessRecord("kafka-1", 12, 1002.0, "/data/server.properties", 9999, "/data/logs/kafka-1.log")
GATEWAY = ProcessRecord("gateway", 13, 1003.0, "queuebit_gateway", 7777)
WHOLE = StackState("s1", OWNER, "127.0.0.1:9999", "postgresql://u:p@127.0.0.1:5555/d", None, (DATABASE, BROKER))


def test_a_state_survives_writing_and_reading(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    file.save(WHOLE)
    assert file.load() == WHOLE
    assert parse_state(dump_state(StackState("s2"))) == StackState("s2")


def test_the_state_file_holds_a_password_and_is_private(tmp_path: Path) -> None:
    StateFile(tmp_path).save(WHOLE)
    assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["stack.json"]


def test_no_file_is_no_stack(tmp_path: Path) -> None:
    assert StateFile(tmp_path).load() is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 99}', '{"format": 1, "owner": null, "x": 1}'])
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(StateUnreadable):
        parse_state(text)


def test_a_process_started_again_replaces_its_record() -> None:
    again = ProcessRecord("kafka-1", 99, 2000.0, BROKER.marker)
    assert WHOLE.with_process(again).processes == (DATABASE, again)
    assert WHOLE.with_process(again).process("kafka-1") == again
    assert WHOLE.process("gateway") is None


def test_only_the_stack_of_that_id_is_forgotten(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    file.save(WHOLE)
    file.remove("another")
    assert file.load() == WHOLE
    file.remove("s1")
    assert file.load() is None
    (tmp_path / "stack.json").write_text("garbage")
    file.remove(None)
    assert file.load() is None


def test_a_folder_that_is_being_started_is_busy(tmp_path: Path) -> None:
    with StateFile(tmp_path).locked(0), pytest.raises(StackBusy), StateFile(tmp_path).locked(0):
        pass
    with StateFile(tmp_path).locked(0):
        pass


def test_an_error_inside_the_lock_comes_out_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match="mine"), StateFile(tmp_path).locked(0):
        raise TimeoutError("mine")


@pytest.mark.parametrize(
    ("state", "alive", "owner_alive", "standing"),
    [
        (None, (), False, Standing.EMPTY),
        (WHOLE, (DATABASE, BROKER), True, Standing.OWNED),
        (WHOLE, (), True, Standing.OWNED),
        (WHOLE, (DATABASE, BROKER), False, Standing.LEFTOVERS),
        (WHOLE, (), False, Standing.LEFTOVERS),
        (StackState("s", processes=(DATABASE, BROKER)), (DATABASE, BROKER), False, Standing.RUNNING),
        (StackState("s", processes=(DATABASE, BROKER)), (DATABASE,), False, Standing.LEFTOVERS),
        (StackState("s", processes=(DATABASE, GATEWAY)), (DATABASE,), False, Standing.RUNNING),
        (StackState("s", processes=(GATEWAY,)), (), False, Standing.RUNNING),
    ],
)
def test_how_a_folder_stands(
    state: StackState | None, alive: tuple[ProcessRecord, ...], owner_alive: bool, standing: Standing
) -> None:
    assert judge(state, alive, owner_alive) is standing


@pytest.mark.parametrize(
    ("observed", "ours"),
    [
        (Observed(11, 1001.5, ("postgres", "-D", "/data/postgres")), True),
        (Observed(11, 1002.0, ("postgres", "-D", "/data/postgres")), True),
        (Observed(11, 1001.5, ()), True),
        (None, False),
        (Observed(11, 5000.0, ("postgres", "-D", "/data/postgres")), False),
        (Observed(11, 1001.5, ("vim", "notes")), False),
        (Observed(11, 1001.5, ("postgres", "-D", "/data/postgres"), zombie=True), False),
        (Observed(12, 1001.5, ("postgres", "-D", "/data/postgres")), False),
    ],
    ids=[
        "the same",
        "clock noise",
        "dying",
        "gone",
        "its pid reused later",
        "another command",
        "zombie",
        "another pid",
    ],
)
def test_a_stranger_is_told_apart(observed: Observed | None, ours: bool) -> None:
    assert is_ours(DATABASE, observed) is ours
