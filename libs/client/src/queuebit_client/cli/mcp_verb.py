"""`queuebit mcp`: Queuebit as tools for agents. Flags here; the server is in `agents/`."""

from __future__ import annotations

from typing import Annotated

import typer

from queuebit_client.cli.exit_codes import ExitCode


def mcp(
    context: typer.Context,
    allow_spend: Annotated[
        bool, typer.Option("--allow-spend", help="Agents may submit and cancel jobs. Without it they only read.")
    ] = False,
    allow_hardware: Annotated[
        bool, typer.Option("--allow-hardware", help="Also jobs that quantum hardware may answer. Needs --allow-spend.")
    ] = False,
    cost_max: Annotated[
        str, typer.Option(metavar="AMOUNT", help="What all submissions of this server may cost together, such as 5.00.")
    ] = "0",
    currency: Annotated[str, typer.Option(help="The currency of --cost-max.")] = "USD",
    submissions_per_minute_max: Annotated[
        int, typer.Option(min=1, max=1000, help="So many jobs within a minute.")
    ] = 10,
) -> int:
    """Serve the Model Context Protocol on standard input and output, with the configured server and key.

    Read-only unless it is allowed to spend. What costs something, or nobody knows what, is put before a person by name of
    target and cost; where the agent's program cannot ask one it is refused. Every submission needs an idempotency key.
    """
    from decimal import Decimal, InvalidOperation

    from queuebit_client.cli.files import BadFlag
    from queuebit_client.cli.output import note

    try:
        from queuebit_client.agents.allowance import Allowance
        from queuebit_client.agents.serving import serve
    except ImportError:
        note("This needs the official SDK: pip install 'queuebit[mcp]'.")
        return ExitCode.USAGE
    try:
        amount = Decimal(cost_max)
    except InvalidOperation:
        raise BadFlag(f"--cost-max {cost_max} is no amount.", remedy="Write a number, such as 5.00.") from None
    if not amount.is_finite() or amount < 0:
        raise BadFlag(f"--cost-max {cost_max} is no amount.", remedy="Write a number, such as 5.00.")
    if allow_hardware and not allow_spend:
        raise BadFlag("--allow-hardware alone allows nothing.", remedy="Add --allow-spend.")
    allowance = Allowance(allow_spend, allow_hardware, amount, currency, submissions_per_minute_max)
    serve(context.obj.url, context.obj.profile, allowance)
    return ExitCode.OK
