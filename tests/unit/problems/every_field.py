"""What the tests know of the fields, all of it."""

from __future__ import annotations

from tests.unit.problems import (
    fields_assignments,
    fields_graphs,
    fields_packing,
    fields_programs,
    fields_routes,
    fields_schedules,
)

FIELDS = [
    *fields_assignments.FIELDS,
    *fields_packing.FIELDS,
    *fields_graphs.FIELDS,
    *fields_routes.FIELDS,
    *fields_schedules.FIELDS,
    *fields_programs.FIELDS,
]
