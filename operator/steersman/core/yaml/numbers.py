"""Numbers as go-yaml prints them, as values and as keys of a mapping."""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import inf, isfinite
from typing import TypeAlias

from steersman.core.golang.numbers import format_float
from steersman.core.yaml.scalars import MAX_INT64, Scalar

NumberRule: TypeAlias = Callable[[int | float], int | float]
"""What becomes of a number that was read: a float64 always, or the number JSON would carry."""

_EXACT = 2**53
"""Up to here a float without a fraction is written digit by digit."""
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


def written_integer(value: float) -> int:
    """The integer that Go writes for a float without a fraction: its shortest digits, filled up with zeros."""
    if -_EXACT < value < _EXACT:
        return int(value)
    from decimal import Decimal  # only here: such numbers are rare

    return int(Decimal(repr(value)))


def key_name(key: Scalar) -> str | None:
    """The string that a key becomes; None for null and for integers beyond int64, which have none."""
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, float):
        return float32_text(key)
    return None if key is None or key > MAX_INT64 else str(key)
