"""Telling tenants what happens to their jobs, by requests that they can check (Standard Webhooks 1.0)."""
