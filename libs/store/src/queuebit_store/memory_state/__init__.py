"""What the store in memory keeps, and where a simulation can stop it."""
