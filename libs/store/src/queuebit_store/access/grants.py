"""What each service may do with each table. The solver and the validator need a user only where data is sealed.

Operators, migrations and `queuebit_gateway keys` use the owner of the tables. A test explains every statement of a service as
its user, takes each right away in turn, and wants to see a statement fail without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

Service = Literal["gateway", "control-plane", "quantum-adapter", "classical-solver", "result-validation"]
SERVICES: Final[tuple[Service, ...]] = get_args(Service)

READ: Final = ("SELECT",)
ADD: Final = ("SELECT", "INSERT")
CHANGE: Final = ("SELECT", "INSERT", "UPDATE")
ADD_AND_DROP: Final = ("SELECT", "INSERT", "DELETE")
ALL: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")
ORDER_ONLY: Final = ("SELECT (category, epoch, xid, seq)",)
"""Enough to see whether a restored store was given a new epoch: nothing of what an event says."""

MOVE_ON: Final = ("SELECT", "INSERT", "UPDATE (wrapped, since)")
"""Enough to keep the key of a later day; not to say that one was destroyed."""

_START: Final[Mapping[str, tuple[str, ...]]] = {"schema_migration": READ, "era": READ}
"""What every store looks at when it opens."""

_OPEN: Final[Mapping[str, tuple[str, ...]]] = {"schema_migration": READ, "tenant_secret": READ, "subject_key": READ}
"""For who opens what is sealed, and needs nothing else."""

GRANTS: Final[Mapping[Service, Mapping[str, tuple[str, ...]]]] = {
    "gateway": {
        **_START,
        "event": READ,
        "payload": READ,
        "stream": READ,
        "idempotency": ADD,
        "tenant": READ,
        "api_key": CHANGE,
        "cursor": READ,
        "archive": READ,
        "projection": READ,
        "backend_report": READ,
        "budget": READ,
        "budget_account": READ,
        "budget_entry": READ,
        "budget_hold": READ,
        "price": READ,
        "webhook_endpoint": ALL,
        "webhook_delivery": ALL,
        "tenant_secret": ADD,
        "subject_key": MOVE_ON,
        "sealed_job": ADD,
        "deed": ADD,
    },
    "control-plane": {
        **_START,
        "event": ADD,
        "payload": ADD,
        "stream": CHANGE,
        "idempotency": ADD,
        "tenant": READ,
        "cursor": CHANGE,
        "lease": CHANGE,
        "archive": READ,
        "event_partition": READ,
        "projection": CHANGE,
        "backend_report": ALL,
        "submission": READ,
        "budget": READ,
        "budget_account": CHANGE,
        "budget_entry": ADD,
        "budget_hold": ADD_AND_DROP,
        "price": READ,
    },
    "quantum-adapter": {
        **_START,
        "event": ORDER_ONLY,
        "submission": ALL,
        "submission_note": ADD_AND_DROP,
        "submission_evidence": ADD_AND_DROP,
        "attempt": ALL,
        "provider_gate": CHANGE,
        "provider_account": CHANGE,
        "kill_switch": READ,
        **_OPEN,
    },
    "classical-solver": _OPEN,
    "result-validation": _OPEN,
}

GUARDED: Final = ("stream", "event", "api_key", "webhook_endpoint", "webhook_delivery", "deed")
"""Tables whose rows the user of readers sees by tenant, where a statement says of which."""

PROJECTED: Final[Mapping[Service, tuple[str, ...]]] = {"gateway": READ, "control-plane": ALL}
"""What services may do with the tables of projections, which are made while they run."""

_ASKED: Final[Mapping[Service, str]] = {
    "gateway": """
        epoch_check applied_migrations writable now backlog read read_tenant events_of stories load log_end archived_after
        payloads heads list_tenant list_states walk held_for holder reserve known_tenants find_keys accounts builds
        reported_backends add_endpoint endpoints endpoints_of change_endpoint drop_endpoint fan_out add_delivery
        claim_deliveries settle_delivery disable_endpoint deliveries replay_deliveries forget_deliveries tenant_secret
        add_tenant_secret live_key add_subject_key subject_keys keys_of_subject keys_before move_key note_sealed add_key
        revoke_key expire_key list_keys use_keys account entries_of_account holds_of_account past_accounts standing_budgets
        prices crowded_endpoints waiting note_deed deeds reader walk_rare
    """,
    "control-plane": """
        epoch_check applied_migrations writable now backlog horizon_holders append load read bytes_of events_of payloads
        kept_payloads keep_payload load_cursor save_cursor save_led_cursor heads due held walk reserve known_tenants take_lease
        release_lease builds next_build live_build add_build add_build_cursor read_page stand_still partitions keep_reports
        budgets_of has_budgets accounts account open_reservations sent_for prices tell_thresholds
        waiting walk_rare add_partition
    """,
    "quantum-adapter": """
        epoch_check applied_migrations attempts_now keep_attempt claim_attempt claim_kept renew_attempt save_journal
        save_attempt end_attempt claim_charges settle_charge attempt attempt_order stop_attempts forget_attempts
        cancel_orphans submissions_now intend claim_submission claim_due_submission save_submission submission
        submission_request submission_result submission_notes submissions_of forget_submissions want_cancelled
        note_evidence evidence evidence_of_lineage gate pass_gate note_answer note_silence take_place close_account killed
        tenant_secret subject_keys count_uses note_late
    """,
    "classical-solver": "applied_migrations tenant_secret subject_keys",
    "result-validation": "applied_migrations tenant_secret subject_keys",
}
STATEMENTS: Final[Mapping[Service, frozenset[str]]] = {
    service: frozenset(names.split()) for service, names in _ASKED.items()
}
"""The named statements that each service asks."""


def user_of(service: Service, namespace: str) -> str:
    """How the user of a service is called, where nobody says otherwise."""
    return f"{namespace}_{service.replace('-', '_')}"


def reader_of(user: str) -> str:
    """The user that a user reads the rows of one tenant as."""
    return f"{user}_reader"
