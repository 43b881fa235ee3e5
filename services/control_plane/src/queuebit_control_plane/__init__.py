"""Queuebit control plane: decides jobs, keeps their events, relays them to Kafka."""
