"""What Go says about a text that is no JSON: the first offending byte and where it stood.

Called by `gojson` once Python's parser has refused a text; so it only walks until the error. Positions are bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from steersman.core.golang.quote import quote
from steersman.core.golang.types import to_bytes

_TOO_DEEP: Final = "exceeded max depth"
_MAX_DEPTH: Final = 10_000
_SPACE: Final = b" \t\r\n"
_DIGITS: Final = b"0123456789"
_HEX: Final = b"0123456789abcdefABCDEF"
_LITERALS: Final = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}


class _Refused(Exception):
    """Carries Go's message out of the walk."""


def syntax_error(text: str) -> str:
    """Go's message for a text that is no JSON."""
    return locate_syntax_error(text)[0]


def locate_syntax_error(text: str) -> tuple[str, int]:
    """Go's message, and how many bytes it had read with the offending one."""
    walk = _Walk(to_bytes(text))
    try:
        walk.document()
    except _Refused as refused:
        return str(refused), walk.position + 1
    except RecursionError:
        pass
    return str(walk.refuse(_TOO_DEEP)), walk.position


class _Walk:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.depth = 0

    def document(self) -> None:
        self.value()
        self.space()
        if self.position < len(self.data):
            raise self.refuse("after top-level value")

    def refuse(self, context: str, *, inside: bool = False) -> _Refused:
        """An error at this byte. At the end Go looks at a blank: inside a token that is a wrong character."""
        if self.position < len(self.data):
            return _Refused(f"invalid character {_quoted(self.data[self.position])} {context}")
        return _Refused(f"invalid character ' ' {context}" if inside else "unexpected end of JSON input")

    def peek(self) -> int:
        return self.data[self.position] if self.position < len(self.data) else -1

    def expect(self, allowed: bytes, context: str, *, inside: bool = True) -> int:
        byte = self.peek()
        if byte < 0 or byte not in allowed:
            raise self.refuse(context, inside=inside)
        self.position += 1
        return byte

    def space(self) -> None:
        while self.peek() >= 0 and self.peek() in _SPACE:
            self.position += 1

    def value(self) -> None:
        self.space()
        byte = self.peek()
        if byte in _LITERALS:
            self.literal(_LITERALS[byte])
        elif byte == ord('"'):
            self.string()
        elif byte == ord("{"):
            self.nested(self.object)
        elif byte == ord("["):
            self.nested(self.array)
        elif byte == ord("-") or (byte >= 0 and byte in _DIGITS):
            self.number()
        else:
            raise self.refuse("looking for beginning of value")

    def nested(self, walk: Callable[[], None]) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.refuse(_TOO_DEEP)
        self.position += 1
        walk()
        self.depth -= 1

    def object(self) -> None:
        self.space()
        if self.peek() == ord("}"):
            self.position += 1
            return
        while True:
            self.space()
            if self.peek() != ord('"'):
                raise self.refuse("looking for beginning of object key string")
            self.string()
            self.space()
            self.expect(b":", "after object key", inside=False)
            self.value()
            self.space()
            if self.expect(b",}", "after object key:value pair", inside=False) == ord("}"):
                return

    def array(self) -> None:
        self.space()
        if self.peek() == ord("]"):
            self.position += 1
            return
        while True:
            self.value()
            self.space()
            if self.expect(b",]", "after array element", inside=False) == ord("]"):
                return

    def string(self) -> None:
        self.position += 1
        while True:
            byte = self.peek()
            if byte < 0x20:
                raise self.refuse("in string literal")
            self.position += 1
            if byte == ord('"'):
                return
            if byte == ord("\\") and self.expect(b'bfnrt\\/"u', "in string escape code") == ord("u"):
                for _ in range(4):
                    self.expect(_HEX, "in \\u hexadecimal character escape")

    def literal(self, word: bytes) -> None:
        self.position += 1
        for byte in word[1:]:
            self.expect(bytes((byte,)), f"in literal {word.decode()} (expecting '{chr(byte)}')")

    def number(self) -> None:
        if self.peek() == ord("-"):
            self.position += 1
        if self.expect(_DIGITS, "in numeric literal") != ord("0"):
            self.digits()
        if self.peek() == ord("."):
            self.position += 1
            self.expect(_DIGITS, "after decimal point in numeric literal")
            self.digits()
        if self.peek() in (ord("e"), ord("E")):
            self.position += 1
            if self.peek() in (ord("+"), ord("-")):
                self.position += 1
            self.expect(_DIGITS, "in exponent of numeric literal")
            self.digits()

    def digits(self) -> None:
        while self.peek() >= 0 and self.peek() in _DIGITS:
            self.position += 1


def _quoted(byte: int) -> str:
    if byte == ord("'"):
        return "'\\''"
    if byte == ord('"'):
        return "'\"'"
    return f"'{quote(chr(byte))[1:-1]}'"
