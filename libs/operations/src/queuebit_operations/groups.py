"""The tree of verbs under `queuebit ops`."""

from __future__ import annotations

import typer

GROUPS = {
    "archive": "Months of the log as files: write and take out, list, put back.",
    "jobs": "Find answers suspect, ask again, go on from a version, compare, cancel: one job or many at once.",
    "operations": "The verbs that act on many things: what was frozen, how far it is, go on, cancel.",
    "projections": "Tables folded from all events: how each stands, filled anew beside the live one, switched to, dropped.",
    "quarantine": "Hold back what is suspect, while all else flows, and let it go again.",
    "dlq": "Dead letters: what a consumer group could not take. Look at them, send them again, edit them, drop them.",
    "trail": "What people did with keys, webhooks and jobs of their tenant: forget what is too old.",
    "replay": "Look at what happened, compare it with today's code, and let it happen again.",
}
"""The groups of verbs and what they are for: `queuebit ops replay inspect` is the verb `inspect` of the group `replay`."""


class Groups:
    """Where verbs are added: to `app`, or to a group of it that is made when it is first asked for."""

    def __init__(self, app: typer.Typer) -> None:
        self.app = app
        self._groups: dict[str, typer.Typer] = {}

    def group(self, name: str) -> typer.Typer:
        """The group of that name, which stands in GROUPS."""
        if name not in self._groups:
            group = typer.Typer(help=GROUPS[name], no_args_is_help=True, rich_markup_mode=None)
            self.app.add_typer(group, name=name)
            self._groups[name] = group
        return self._groups[name]
