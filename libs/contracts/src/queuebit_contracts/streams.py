"""The categories of streams that the event store holds. Each has its own heads, and readers that follow it alone."""

from __future__ import annotations

from typing import Final

JOB: Final = "job"
REFUSAL: Final = "refusal"
"""Questions that were not taken: one event each, in a stream of its own."""
OPERATION: Final = "operation"
"""Bulk operations of operators, a stream each."""

PUBLISHED: Final = (JOB, REFUSAL)
"""Categories whose events go to Kafka, each to the topics of its type."""
