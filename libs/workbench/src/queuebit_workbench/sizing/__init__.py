"""How large an installation must be: what a job costs each part, and what its queues make of a load."""
