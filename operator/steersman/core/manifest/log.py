"""Lines that Helm logs while it renders, as Go's slog writes them: `level=INFO msg="…" key=value`.

The core logs nothing: whoever meets something worth a line formats it here and gives it to a `Warn`; the lines end up
in `Rendered.warnings`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from steersman.core.golang.quote import is_print, quote

Warn: TypeAlias = Callable[[str], None]
"""Takes one line."""

Level: TypeAlias = Literal["INFO", "WARN", "ERROR"]


def log_line(level: Level, message: str, **attributes: str) -> str:
    """One line; values are quoted only where slog does."""
    pairs = [("msg", message), *attributes.items()]
    return f"level={level} " + " ".join(f"{key}={_value(text)}" for key, text in pairs)


def _value(text: str) -> str:
    plain = text and all(char not in ' ="' and is_print(char) for char in text)
    return text if plain else quote(text)
