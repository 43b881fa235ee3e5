"""The faults of the research, F1 to F22: which of them happen here, under which names, and where the others are shown."""

from __future__ import annotations

SHOWN: dict[str, tuple[str, ...]] = {
    "F1 a process is killed": ("crash", "crash_while_starting", "crash_while_stopping", "second_member_crashes"),
    "F2 a process is stopped and goes on later": ("leader_frozen", "member_frozen"),
    "F3 the database restarts": ("store_outage",),
    "F4 connections are cut": ("store_refuses", "store_commits_but_fails", "connection_lost"),
    "F5 the disk is slow or full": ("commit_held_back", "store_rolls_back"),
    "F6 transactions are rolled back": ("store_rolls_back",),
    "F7 a transaction stays open": ("horizon_held",),
    "F8 the broker is away, leaders move": ("bus_outage", "publish_not_written"),
    "F9 records come again, offsets go back": ("redelivery",),
    "F10 members join and leave all the time": (
        "rebalance_storm",
        "second_member_stops",
        "slow_handler",
        "very_slow_handler",
    ),
    "F11 nobody knows what was published": ("publish_written_but_not_acknowledged", "publish_half_written"),
    "F13 clocks jump and differ": ("clock_jump", "skewed_clock"),
    "F14 records that nobody can read": ("poison",),
    "F15 a dependency is away, or one job is bad": ("store_outage", "bus_outage", "poison_followed"),
    "F16 a provider never answers": ("worker_process_dies",),
    "F17 a job is withdrawn, ends and expires at once": ("withdrawn over http", "withdrawn over kafka"),
    "F18 services are replaced one by one": ("stop",),
    "F20 transaction ids begin anew": ("all_restored",),
    "F21 dead letters are sent again under traffic": ("operator_redrives", "letters_sent_again"),
    "F22 two believe that they lead": ("lead_lost", "leader_frozen"),
    "operators in the middle of everything": ("operator_holds", "operator_eases", "operator_invalidates"),
}
"""Each name is counted where the fault is injected: `simulation.py` for the planned ones, `weather.py` for those by chance,
`clients.py` for what comes from outside.
"""

ELSEWHERE: dict[str, str] = {
    "F12 a notification is lost": "Queuebit sends none: every reader polls",
    "F19 the database is restored, Kafka is ahead": "tests/e2e, make chaos, make drill",
}


def not_fired(fired: dict[str, int]) -> list[str]:
    """What of the table never happened."""
    return [f"{fault}: {name} never fired" for fault, names in SHOWN.items() for name in names if not fired.get(name)]


def table(fired: dict[str, int]) -> str:
    """A line a fault, with how often it was injected."""
    lines = [
        f"{fault:<56} {', '.join(f'{name} {fired.get(name, 0)}' for name in names)}" for fault, names in SHOWN.items()
    ]
    return "\n".join([*lines, *(f"{fault:<56} not here: {where}" for fault, where in ELSEWHERE.items())])
