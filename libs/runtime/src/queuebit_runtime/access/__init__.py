"""Who we are on Kafka, and who may do what there."""
