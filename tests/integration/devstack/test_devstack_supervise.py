"""Services under supervision, with small programs in their place."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from queuebit_devstack.errors import ServiceFailed, UnknownProcess
from queuebit_devstack.ports import free_ports
from queuebit_devstack.processes import find_marked, is_alive
from queuebit_devstack.stack import Stack
from queuebit_devstack.state import StackState, StateFile
from queuebit_devstack.supervise import ServiceSpec, Supervisor, is_ready

READY = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/ready" else 404)
        self.end_headers()
    def log_message(self, *words): pass
print("I serve", os.environ["QUEUEBIT_KAFKA"], os.environ.get("EXTRA"), flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["QUEUEBIT_HEALTH_PORT"])), Handler).serve_forever()
"""
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)" + READY
FAILING = "print('I have no faith'); raise SystemExit(3)"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path, StackState("s1", kafka="k:1", postgres="postgresql://p"))


def spec(name: str, script: str, **env: str) -> ServiceSpec:
    return ServiceSpec(name, (sys.executable, "-c", script), free_ports(1)[0], env)


async def test_services_start_together_and_end_together(stack: Stack) -> None:
    one, two = spec("one", READY, EXTRA="x"), spec("two", READY)
    async with Supervisor(stack, (one, two)) as services:
        assert await is_ready(one.health_port)
        assert await is_ready(two.health_port)
        assert services.dead() == ()
        assert services.log("one").read_text() == "I serve k:1 x\n"
        state = StateFile(stack.data_dir).load()
        assert state is not None
        assert [each.pid for each in state.processes] == [services.pid(name) for name in services.names]
    assert not any(is_alive(each) for each in state.processes)
    assert not await is_ready(one.health_port)
    assert find_marked(stack.data_dir) == []


async def test_a_killed_service_is_noticed_and_comes_back_on_its_port(stack: Stack) -> None:
    one = spec("one", READY)
    async with Supervisor(stack, (one, spec("two", READY))) as services:
        watch = asyncio.create_task(services.watch())
        first = services.pid("one")
        await services.kill("one", signal.SIGKILL)
        assert services.dead() == ("one",)
        with pytest.raises(ServiceFailed, match=r"one ended with -9"):
            await watch
        await services.restart("one")
        assert services.dead() == ()
        assert services.pid("one") != first
        assert await is_ready(one.health_port)
        services.send("one", signal.SIGSTOP)
        assert not await is_ready(one.health_port)
        services.send("one", signal.SIGCONT)
        await services.wait_ready("one")
        with pytest.raises(UnknownProcess, match="three"):
            await services.kill("three")


async def test_a_service_that_dies_early_is_reported_with_its_last_lines(stack: Stack) -> None:
    with pytest.raises(ServiceFailed, match=r"(?s)bad ended with 3.*I have no faith"):
        await Supervisor(stack, (spec("good", READY), spec("bad", FAILING))).start()
    assert find_marked(stack.data_dir) == []


async def test_a_service_that_never_gets_ready_is_ended(stack: Stack) -> None:
    with pytest.raises(ServiceFailed, match="slow was not ready"):
        await Supervisor(stack, (spec("slow", "import time; time.sleep(60)"),), ready_timeout_s=0.3).start()
    assert find_marked(stack.data_dir) == []


async def test_what_does_not_listen_to_reason_is_killed(stack: Stack) -> None:
    services = Supervisor(stack, (spec("deaf", DEAF),), stop_grace_s=0.3)
    await services.start()
    await services.stop()
    assert services.dead() == ("deaf",)
    assert find_marked(stack.data_dir) == []
