"""Does what is stored hold together, with itself and with Kafka: one check an invariant, over production data."""
