"""The trail of what people did with tenants' things: how much of it there is, and forgetting what is too old."""
