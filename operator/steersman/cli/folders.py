"""Folders of the user who runs a command: ours, and Helm's, found as Helm finds them."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def user_cache() -> Path:
    """This program's part of the user's cache folder. Raises RuntimeError where the user has no home."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "steersman"


def helm_config(*parts: str) -> Path:
    """A path in Helm's configuration folder."""
    preferences = "Library/Preferences" if sys.platform == "darwin" else ".config"
    return _helm_folder("HELM_CONFIG_HOME", "XDG_CONFIG_HOME", preferences, *parts)


def helm_cache(*parts: str) -> Path:
    """A path in Helm's cache folder."""
    caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return _helm_folder("HELM_CACHE_HOME", "XDG_CACHE_HOME", caches, *parts)


def _helm_folder(helm: str, xdg: str, default: str, *parts: str) -> Path:
    if folder := os.environ.get(helm):
        return Path(folder, *parts)
    base = os.environ.get(xdg) or f"{os.path.expanduser('~')}/{default}"  # noqa: PTH111 - Path.home raises
    return Path(base, "helm", *parts)
