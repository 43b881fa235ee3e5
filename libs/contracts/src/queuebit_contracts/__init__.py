"""What Queuebit says: events, job requests, envelope, channels and failure codes."""
