"""Services killed at every point where something becomes durable, on real servers; then everything is verified."""
