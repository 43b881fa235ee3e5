"""`queuebit ops`: what operators do to a running installation, with nothing but PostgreSQL and Kafka."""
