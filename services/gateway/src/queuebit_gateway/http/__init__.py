"""The HTTP side: the guarded door, routes, bodies, problem documents, streams."""
