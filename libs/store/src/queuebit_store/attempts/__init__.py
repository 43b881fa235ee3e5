"""Attempts that wait at providers: kept here, so that no process is held and any may carry them on."""
