"""Everything that can break breaks, on three brokers, under load; then one checker says whether anything was lost."""
