"""The shared shell of a service: bus, worker pool, health, settings, telemetry, clock and ids."""
