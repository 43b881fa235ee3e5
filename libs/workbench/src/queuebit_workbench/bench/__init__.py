"""The benchmark: Queuebit and a bare pipeline on the same Kafka and PostgreSQL, in the same run."""
