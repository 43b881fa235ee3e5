"""All five services composed: one process of them, the commands, the demonstration, the benchmarks, the documents."""
