"""Random texts and numbers, drawn from the entropy that the runtime hands in; this package knows no random source.

What a chart gets from here differs on every render, in Helm as well: `randAlphaNum`, `shuffle`, `uuidv4`…
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final, Protocol
from uuid import UUID

from steersman.core.golang.runes import scrub
from steersman.core.template.funcs.registry import INT, STRING, FunctionError, FunctionTable

TABLE = FunctionTable()

_DIGITS: Final = "0123456789"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ASCII: Final = "".join(map(chr, range(32, 127)))


class Entropy(Protocol):
    """The part of the template runtime that gives random bytes."""

    def entropy(self, count: int, /) -> bytes:
        """That many bytes nobody can foresee."""
        ...


def random_below(runtime: Entropy, limit: int) -> int:
    """A number from 0 to before the limit, each as likely as the other."""
    bits = (limit - 1).bit_length()
    size = (bits + 7) // 8
    while True:
        number = int.from_bytes(runtime.entropy(size), "big") >> (size * 8 - bits)
        if number < limit:
            return number


@TABLE.function("randAlphaNum", params=(INT,), result=STRING, runtime=True)
def rand_alpha_num(runtime: Entropy, count: int) -> str:
    """Letters and digits."""
    return _drawn(runtime, count, _LETTERS + _DIGITS)


@TABLE.function("randAlpha", params=(INT,), result=STRING, runtime=True)
def rand_alpha(runtime: Entropy, count: int) -> str:
    """Letters."""
    return _drawn(runtime, count, _LETTERS)


@TABLE.function("randNumeric", params=(INT,), result=STRING, runtime=True)
def rand_numeric(runtime: Entropy, count: int) -> str:
    """Digits."""
    return _drawn(runtime, count, _DIGITS)


@TABLE.function("randAscii", params=(INT,), result=STRING, runtime=True)
def rand_ascii(runtime: Entropy, count: int) -> str:
    """Printable ASCII, the blank too."""
    return _drawn(runtime, count, _ASCII)


def _drawn(runtime: Entropy, count: int, alphabet: str) -> str:
    # Sprig drops goutils' error for a negative count, and "" remains.
    return "".join([alphabet[random_below(runtime, len(alphabet))] for _ in range(count)])


@TABLE.function("randBytes", params=(INT,), result=STRING, runtime=True)
def rand_bytes(runtime: Entropy, count: int) -> str:
    """That many bytes, in base64."""
    if count < 0:
        raise FunctionError("runtime error: makeslice: len out of range")
    return b64encode(runtime.entropy(count)).decode("ascii")


@TABLE.function("randInt", params=(INT, INT), result=INT, runtime=True)
def rand_int(runtime: Entropy, least: int, limit: int) -> int:
    """A number from `least` to before `limit`."""
    if limit <= least:
        raise FunctionError("invalid argument to Intn")
    return least + random_below(runtime, limit - least)


@TABLE.function("shuffle", params=(STRING,), result=STRING, runtime=True)
def shuffle(runtime: Entropy, text: str) -> str:
    """The characters in another order."""
    chars = list(scrub(text))
    for index in range(len(chars) - 1, 0, -1):
        other = random_below(runtime, index + 1)
        chars[index], chars[other] = chars[other], chars[index]
    return "".join(chars)


@TABLE.function("uuidv4", result=STRING, runtime=True)
def uuidv4(runtime: Entropy) -> str:
    """A random UUID, version 4."""
    return str(UUID(bytes=runtime.entropy(16), version=4))
