"""`queuebit ops dlq show`: one dead letter, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import dlq_options as d
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.dead_letters.box import Kept


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("dlq").command("show")(show)


def show(
    letter: d.Letter,
    payload: Annotated[
        bool,
        typer.Option(
            "--payload", help="Also the value and all headers: needs QUEUEBIT_API_KEY of an operator or admin."
        ),
    ] = False,
    as_json: o.Json = False,
) -> int:
    """Show one dead letter: where it lay, what is wrong, what waits behind it and what was done about it.

    What it holds is shown by role only, with --payload. Exit 3: there is none of that id. 4: the key does not allow it.
    """
    from queuebit_operations.running import run

    return run(_show(letter, payload=payload, as_json=as_json))


async def _show(name: str, *, payload: bool, as_json: bool) -> ExitCode:
    import json

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line
    from queuebit_operations.dead_letters.reading import place_named

    place_named(name)
    seen_by = await d.key_that_sees() if payload else None
    async with d.opened_reader() as reader:
        kept, box = await reader.one(name)
    behind = [each.id for each in box if each.open and each.sequence == kept.sequence and each.id != kept.id]
    document = {**kept.document(), "same_key": behind}
    if seen_by is not None:
        document |= {"seen_by_key": seen_by, **_contents(kept)}
    if as_json:
        print_json(document)
    else:
        for field, value in document.items():
            if value is not None and value != []:
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                print_line(f"{field}: {text}")
    return ExitCode.OK


def _contents(kept: Kept) -> dict[str, Any]:
    """Text where it is text, else hexadecimal."""
    letter = kept.letter
    return {
        "key": _shown(letter.key),
        "value": _shown(letter.value),
        "headers": [[name, _shown(value)] for name, value in letter.headers],
    }


def _shown(value: bytes | None) -> Any:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"hex": value.hex()}
