"""Every instance of a folder of published problems, taken through the same path as `queuebit run`, and judged."""
