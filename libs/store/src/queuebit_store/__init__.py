"""The event store on PostgreSQL and in memory: append, load, ordered read, cursors, migrations."""
