"""The life of a service: settings, health, start, drain, stop."""
