"""Keys of TOML documents: how they print, quoted where they must be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

BARE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")

_ESCAPES: Final = {
    **{code: f"\\u{code:04x}" for code in (*range(0x20), 0x7F)},
    ord('"'): '\\"',
    ord("\\"): "\\\\",
    ord("\b"): "\\b",
    ord("\t"): "\\t",
    ord("\n"): "\\n",
    ord("\f"): "\\f",
    ord("\r"): "\\r",
}


def quoted(text: str) -> str:
    """A text in double quotes."""
    return f'"{text.translate(_ESCAPES)}"'


def key_part(name: str) -> str:
    """One name of a key."""
    return name if name and BARE.issuperset(name) else quoted(name)


def key_text(names: Iterable[str]) -> str:
    """A dotted key."""
    return ".".join(map(key_part, names))
