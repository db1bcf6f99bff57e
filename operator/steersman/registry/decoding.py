"""What reading texts of the other side may raise, and how a text that is something else is told.

msgspec documents DecodeError; bytes that are no UTF-8 and nesting without end come as Python's own errors.
"""

from __future__ import annotations

from typing import Final

import msgspec

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_SHOWN = 40


def beginning(data: bytes) -> str:
    """How bytes begin, as messages show it: text as it is, and others in hexadecimal."""
    line = next(iter(data[: 4 * _SHOWN].lstrip().splitlines()), b"")[: 4 * _SHOWN].decode("utf-8", "replace")
    if not line:
        return "nothing: it is empty" if not data.strip() else "blank bytes"
    if not line.isprintable() or "\ufffd" in line[:_SHOWN]:
        return f"the bytes {data[:4].hex()}"
    return f"`{line[:_SHOWN]}`" if len(line) <= _SHOWN else f"`{line[:_SHOWN]}…`"
