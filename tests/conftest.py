"""Fixtures for all suites: `stack` starts a real Kafka and PostgreSQL once a session, where a test asks for it."""

pytest_plugins = ["queuebit_devstack.testing"]
