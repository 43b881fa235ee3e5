"""The event table is the outbox: committed events, in order, onto Kafka."""
