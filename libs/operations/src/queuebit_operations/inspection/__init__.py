"""What happened to one job, event by event."""
