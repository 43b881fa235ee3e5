"""Every named statement stands in a list: of the services that ask it, or of those that no service asks as it stands."""

from __future__ import annotations

from collections import Counter

from queuebit_store.access.grants import GRANTS, SERVICES, STATEMENTS
from queuebit_store.connections.queries import queries

_OPERATORS = """
    add_tenant create_migrations destroy_keys drop_price end_budget entries grant_budget hurry_submission lift_switch
    list_accounts list_attempts list_gates list_submissions lock_migrations new_epoch note_out raise_build
    record_migration remove_build remove_build_cursor reopen_build retire_build rewrite_heads sealed_jobs set_price
    switches throw_switch
"""
_PARTS = """
    advance_projections advance_rows affordable booked charged count_projection projection_rows
    reported_backends_with_runs
"""
OF_OPERATORS = frozenset(_OPERATORS.split())
"""Asked as the owner of the tables alone."""
PARTS = frozenset(_PARTS.split())
"""Made into others, with the names of tables that are made at run time, or as parts of the append."""
OF_SESSIONS = frozenset({"begin_reading", "bound_transactions", "has_all", "lock_projection"})
"""Said by sessions and by whoever builds projections: of no table, or of those that `PROJECTED` grants."""


def test_every_statement_is_in_a_list_and_every_list_names_statements() -> None:
    """A new statement must be given to somebody: the tests of grants look at no other."""
    listed = frozenset().union(*STATEMENTS.values())

    assert set(queries()) == listed | OF_OPERATORS | PARTS | OF_SESSIONS
    counts = Counter(name for names in (listed, OF_OPERATORS, PARTS, OF_SESSIONS) for name in names)
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_service_has_its_statements_and_its_tables() -> None:
    assert tuple(STATEMENTS) == tuple(GRANTS) == SERVICES
