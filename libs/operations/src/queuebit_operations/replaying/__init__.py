"""What happened, once more: to topics, and to the handlers of another version."""
