"""Queuebit on one machine: embedded PostgreSQL and Kafka, the services as processes, or all five in one process."""
