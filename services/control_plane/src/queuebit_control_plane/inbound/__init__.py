"""What the control plane hears, and how it becomes messages to jobs."""
