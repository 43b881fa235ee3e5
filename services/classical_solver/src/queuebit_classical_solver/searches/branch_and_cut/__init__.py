"""HiGHS in a process of its own: what it is told, and what it answers."""
