"""What reading JSON of the other side may raise.

msgspec documents DecodeError; bytes that are no UTF-8 and nesting without end come as Python's own errors.
"""

from __future__ import annotations

from typing import Final

import msgspec

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
