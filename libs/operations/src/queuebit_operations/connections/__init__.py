"""How a verb reaches PostgreSQL and Kafka: by the same environment as the services."""
