"""A file a verb. Each has `add(ops)`, which `plugin.py` calls; what is heavy is imported when the verb runs."""
