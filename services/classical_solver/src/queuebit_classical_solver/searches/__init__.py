"""The searches, a file each: what it answers, the method in its name."""
