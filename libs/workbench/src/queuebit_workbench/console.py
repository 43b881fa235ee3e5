"""`queuebit console`: the console in the browser, of the server that answers or of all services in this process.

Everything heavy is imported inside the functions, so that `queuebit --help` stays quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from queuebit_client.asynchronous import AsyncQueuebit
    from queuebit_client.config import Config

Ready = Callable[[str, str, str], None]
PATH = "/console/"
HOST = "127.0.0.1"
ANSWER_TIMEOUT_S = 3.0
EXIT_UNAVAILABLE = 8
EXAMPLES_AT_ONCE = 3
BUDGET_S = 60.0
"""Of each example: the first circuit of a process waits until its simulator is loaded."""


def console(
    context: typer.Context,
    here: Annotated[
        bool, typer.Option("--here", help="All five services in this process, in memory: no server is needed.")
    ] = False,
    examples: Annotated[
        bool,
        typer.Option("--examples", help="With --here: send the example of every kind, so that there is something."),
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="With --here: the port; 0, a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser, or only say where.")] = True,
) -> None:
    """Open the console in the browser.

    That of the server that is configured, or, where none is named and none answers, of the five services in this process: they
    keep everything in memory, and it is gone at Ctrl-C. The browser asks for an API key once; what opens the stack of this
    folder, or of this process, is printed. A key from your profile or the environment is not.
    """
    import asyncio

    from queuebit_client.config import resolve

    config = resolve(url=context.obj.url, profile=context.obj.profile)
    named = context.obj.stated or config.url_from != "default"
    if not here and asyncio.run(answers(config.url)):
        _open(config, browser=browser)
        return
    if named and not here:
        typer.echo(f"Error: No console at {config.url}{PATH}. Start the server (queuebit up), or use --here.", err=True)
        raise typer.Exit(EXIT_UNAVAILABLE)
    _serve_here(examples=examples, port=port, browser=browser)


async def answers(url: str) -> bool:
    """Whether a console is served there."""
    import httpx2

    try:
        async with httpx2.AsyncClient(timeout=ANSWER_TIMEOUT_S) as http:
            return (await http.get(f"{url}{PATH}")).status_code == httpx2.codes.OK
    except httpx2.HTTPError:
        return False


def _open(config: Config, *, browser: bool) -> None:
    from queuebit_client.config import LOCAL_FILE

    typer.echo(f"Console  {config.url}{PATH}")
    if config.api_key is not None and config.api_key_from == str(LOCAL_FILE):
        typer.echo(f"API key  {config.api_key}")
    elif config.api_key is not None:
        typer.echo(f"API key  {config.masked_key} (the one from {config.api_key_from})")
    if browser:
        _browse(config.url)


def _browse(url: str) -> None:
    import webbrowser

    webbrowser.open(f"{url}{PATH}")


def _serve_here(*, examples: bool, port: int, browser: bool) -> None:
    import asyncio

    from queuebit_quantum_adapter.main import read_settings

    if isinstance(settings := read_settings(), int):
        raise typer.Exit(settings)

    def ready(url: str, api_key: str, operators_key: str) -> None:
        typer.echo(f"Console  {url}{PATH}\nAPI key  {api_key}\nFor the screens of operators: {operators_key}")
        typer.echo("Ctrl-C stops it; nothing is kept.")
        if browser:
            _browse(url)

    try:
        asyncio.run(_until_interrupted(examples=examples, port=port, ready=ready))
    except asyncio.CancelledError:
        typer.echo("Stopped.")


async def _until_interrupted(*, examples: bool, port: int, ready: Ready) -> None:
    import asyncio
    import signal

    task = asyncio.current_task()
    assert task is not None
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    await serve_here(examples=examples, port=port, ready=ready)


async def serve_here(*, examples: bool, port: int, ready: Ready) -> None:
    """The five services in this process behind one port of this machine, until cancelled. `ready` hears the URL, the key of the
    tenant and one for operators.
    """
    import asyncio

    from queuebit_client.asynchronous import AsyncQueuebit
    from queuebit_gateway.http.server import HttpServer
    from queuebit_runtime.clock import SystemClock
    from queuebit_runtime.ids import SystemIds
    from queuebit_workbench.local import new_key, one_world

    async with one_world(lambda _name, _data: None, "admin") as (world, api_key):
        assert world.app is not None
        assert world.gateway is not None
        server = HttpServer(world.app, world.gateway.tailer, SystemIds(SystemClock()), host=HOST, port=port, drain_s=1)
        server.bind()
        await server.start()
        url = f"http://{HOST}:{server.port}"
        try:
            async with AsyncQueuebit(url, api_key) as client:
                ready(url, api_key, await new_key(world.store(), SystemClock(), "operator"))
                if examples:
                    await send_examples(client)
                await asyncio.Event().wait()
        finally:
            await server.stop()


async def send_examples(client: AsyncQueuebit) -> None:
    """The example of every kind that can be asked here, as questions, a few at a time."""
    import asyncio

    from queuebit_problems.registry import usable_kinds

    places = asyncio.Semaphore(EXAMPLES_AT_ONCE)

    async def ask(problem: Mapping[str, Any]) -> None:
        async with places:
            job = await client.submit_body(
                {"problem": problem, "budget_s": BUDGET_S, "labels": {"example": problem["kind"]}}
            )
            await client.wait(job.id)

    await asyncio.gather(
        *(
            ask({"kind": kind.name, "version": kind.version, "statement": kind.example().model_dump(mode="json")})
            for kind in usable_kinds()
        )
    )
