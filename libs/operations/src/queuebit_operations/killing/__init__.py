"""Kill switches: what is to stop at once, and what could not be stopped."""
