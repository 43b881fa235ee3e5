"""An engineer's tools for circuits: drawn and counted before and after they are fitted, and backends ranked for one."""
