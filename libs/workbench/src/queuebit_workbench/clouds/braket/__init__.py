"""What unmodified clients take for Amazon Braket: its own simulator runs the tasks, faults come on command."""
