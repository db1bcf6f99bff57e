"""Floats as go-yaml prints them, as values and as keys of a mapping."""

from __future__ import annotations

import struct
from math import inf, isfinite

from steersman.core.golang.numbers import format_float

_SPECIAL = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}


def float_text(value: float) -> str:
    """A float64: `1.5`, `100000`, `1e+06`, `1e-05`, `.inf`."""
    return format_float(value) if isfinite(value) else _SPECIAL[repr(value)]


def float32_text(value: float) -> str:
    """A float64 in 32-bit precision, which is how float keys become strings: `0.1`, `1.6777216e+07`."""
    try:
        packed = struct.pack("<f", value)
    except OverflowError:
        return float_text(inf if value > 0 else -inf)
    value = struct.unpack("<f", packed)[0]
    for digits in range(1, 9):
        shortest = float(f"{value:.{digits}g}")
        if struct.pack("<f", shortest) == packed:
            return float_text(shortest)
    return float_text(float(f"{value:.9g}"))
