"""Folders of the user who runs a command. Used by the commands that keep a cache."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache() -> Path:
    """This program's part of the user's cache folder. Raises RuntimeError where the user has no home."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "steersman"
