"""The command line. Modules here import nothing heavy at the top, so that `queuebit --help` is quick."""
