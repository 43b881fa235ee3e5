"""Sessions on PostgreSQL: settings, pools by role, errors, moments, migrations."""
