"""The job: its states, the fold over its events, and the rules. Pure: no await, no clock, no randomness."""
