"""Kinds about tours and routes."""
