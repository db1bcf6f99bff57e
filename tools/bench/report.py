"""What all benchmarks say: how far they are, and which code they measured. Called by their `main`."""

from __future__ import annotations

import platform
import subprocess
import sys


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def print_heading() -> None:
    """The line above the figures: commit, Python, machine."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    print(f"\ncommit {commit.stdout.strip()}, Python {platform.python_version()}, {platform.machine()}")
