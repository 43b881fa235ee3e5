"""The data of a subject made unreadable for good, and looked for everywhere afterwards."""
