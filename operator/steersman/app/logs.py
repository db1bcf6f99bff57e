"""Logs: one line of JSON an event, on standard error. Fields come by `extra`; never values or Secret data."""

from __future__ import annotations

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

_QUIET = ("kopf", "aiohttp.access", "asyncio", "oras", "urllib3")
"""Libraries that speak only when something is wrong."""


def configure(level: str) -> None:
    """Send all logs to standard error as JSON lines, from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(
            "{levelname}{name}{message}",
            style="{",
            timestamp=True,
            rename_fields={"levelname": "level", "name": "logger"},
            json_ensure_ascii=False,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
