"""The trail of what people did with a tenant's things: who, what, with what, when and why."""
