"""The process: settings, logs, metrics, the HTTP endpoints, and the wiring of the edges."""
