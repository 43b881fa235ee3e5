"""Queuebit over HTTP: accept, report, stream, cancel."""
