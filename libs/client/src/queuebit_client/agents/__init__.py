"""Queuebit for agents: a server of the Model Context Protocol over the client. Read-only unless it is told otherwise."""
