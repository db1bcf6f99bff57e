"""Rendering in another process: the worker, its limits, and the client of it."""
