"""Changes of known inputs: bytes, words of the language, pieces of other inputs, and repetition, which finds depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

LONGEST = 64 * 1024
_ODD = (b"\0", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", "\u2028\x85\u00e9\U0001f600".encode(), b"\r\n", b"\t", b" ")
_NUMBERS = (
    b"0",
    b"-1",
    b"1e999",
    b"9" * 20,
    b"9" * 5000,
    b"18446744073709551616",
    b"-9223372036854775808",
    b"0x",
    b".",
)


class Mutator:
    """Makes inputs out of inputs. The same seed makes the same ones."""

    def __init__(self, source: Random, words: Sequence[bytes]) -> None:
        self._source = source
        self._words = (*words, *_ODD, *_NUMBERS)

    def changed(self, pool: Sequence[bytes]) -> bytes:
        """One of the inputs, changed a few times."""
        source = self._source
        data = source.choice(pool) if pool else b""
        for _ in range(source.choice((1, 1, 2, 3, 6))):
            data = source.choice(_CHANGES)(self, data, pool)
        return data[:LONGEST]

    def _span(self, data: bytes) -> tuple[int, int]:
        """A piece, mostly a short one."""
        start = self._source.randint(0, len(data))
        return start, min(len(data), start + int(self._source.paretovariate(0.8)))

    def _flip(self, data: bytes, _: Sequence[bytes]) -> bytes:
        if not data:
            return self._source.randbytes(1)
        at = self._source.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 << self._source.randrange(8))]) + data[at + 1 :]

    def _overwrite(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        return data[:start] + self._source.randbytes(end - start) + data[end:]

    def _remove(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        return data[:start] + data[end:]

    def _insert(self, data: bytes, _: Sequence[bytes]) -> bytes:
        at = self._source.randint(0, len(data))
        return data[:at] + self._source.choice(self._words) + data[at:]

    def _replace(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        return data[:start] + self._source.choice(self._words) + data[end:]

    def _splice(self, data: bytes, pool: Sequence[bytes]) -> bytes:
        other = self._source.choice(pool) if pool else b""
        start, end = self._span(other)
        at = self._source.randint(0, len(data))
        return data[:at] + other[start : self._source.choice((end, len(other)))] + data[at:]

    def _repeat(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        piece = data[start:end]
        most = max(1, (LONGEST - len(data)) // max(1, len(piece)))
        return data[:start] + piece * min(most, 1 + int(self._source.paretovariate(0.5))) + data[end:]

    def _swap(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        middle = self._source.randint(start, end)
        return data[:start] + data[middle:end] + data[start:middle] + data[end:]


_CHANGES: tuple[Callable[[Mutator, bytes, Sequence[bytes]], bytes], ...] = (
    Mutator._flip,
    Mutator._overwrite,
    Mutator._remove,
    Mutator._insert,
    Mutator._insert,
    Mutator._replace,
    Mutator._splice,
    Mutator._repeat,
    Mutator._swap,
)
