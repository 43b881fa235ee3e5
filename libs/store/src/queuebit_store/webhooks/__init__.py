"""Webhooks: who is to be told of what, and what was sent."""
