"""Go's net/netip: whether a text is an IP address, and what ParseAddr says when it is none.

Called for hosts of URLs and by the formats of JSON schemas.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from steersman.core.golang.quote import quote

_HEX_DIGITS: Final = re.compile("[0-9a-fA-F]*").match
_FIELDS: Final = 8


class AddressError(ValueError):
    """A text that is no address; the message is Go's."""


class Address(NamedTuple):
    """What callers ask of an address."""

    is_ipv4: bool
    zone: str


def parse_address(text: str) -> Address:
    """Read an address of either kind, as ParseAddr does. Raises AddressError."""
    first = next((char for char in text if char in ".:%"), "")
    if first == ".":
        _check_ipv4(text, text)
        return Address(is_ipv4=True, zone="")
    if first != ":":
        raise _error(text, "missing IPv6 address" if first else "unable to parse IP")
    address, percent, zone = text.partition("%")
    if percent and not zone:
        raise _error(text, "zone must be a non-empty string")
    _Fields(text, address).check()
    return Address(is_ipv4=False, zone=zone)


class _Fields:
    """The fields of an address, read from the left."""

    def __init__(self, text: str, address: str) -> None:
        self._text = text
        self._rest = address
        self._count = 0
        self._has_gap = False

    def check(self) -> None:
        if self._rest.startswith("::"):
            self._has_gap = True
            self._rest = self._rest[2:]
            if not self._rest:
                return
        while self._count < _FIELDS and self._field():
            pass
        if self._rest:
            raise self._wrong("trailing garbage after address")
        if self._count < _FIELDS and not self._has_gap:
            raise _error(self._text, "address string too short")
        if self._count == _FIELDS and self._has_gap:
            raise _error(self._text, "the :: must expand to at least one field of zeros")

    def _field(self) -> bool:
        """One field and the colon behind it; False at the end of the address."""
        digits = _HEX_DIGITS(self._rest)
        length = digits.end() if digits else 0
        if length > 4:
            raise self._wrong("each group must have 4 or less digits")
        if length == 0:
            raise self._wrong("each colon-separated field must have at least one digit")
        if self._rest.startswith(".", length):
            self._ipv4()
            return False
        self._count += 1
        self._rest = self._rest[length:]
        if not self._rest:
            return False
        if self._rest[0] != ":":
            raise self._wrong("unexpected character, want colon")
        if len(self._rest) == 1:
            raise self._wrong("colon must be followed by more characters")
        self._rest = self._rest[1:]
        return self._rest[0] != ":" or self._gap()

    def _gap(self) -> bool:
        if self._has_gap:
            raise self._wrong("multiple :: in address")
        self._has_gap = True
        self._rest = self._rest[1:]
        return bool(self._rest)

    def _ipv4(self) -> None:
        if not self._has_gap and self._count != _FIELDS - 2:
            raise self._wrong("embedded IPv4 address must replace the final 2 fields of the address")
        if self._count > _FIELDS - 2:
            raise self._wrong("too many hex fields to fit an embedded IPv4 at the end of the address")
        _check_ipv4(self._text, self._rest)
        self._count += 2
        self._rest = ""

    def _wrong(self, message: str) -> AddressError:
        return _error(self._text, message, self._rest)


def _check_ipv4(text: str, address: str) -> None:
    fields = [""]
    for index, char in enumerate(address):
        if "0" <= char <= "9":
            if fields[-1] == "0":
                raise _error(text, "IPv4 field has octet with leading zero")
            fields[-1] += char
            if int(fields[-1]) > 255:
                raise _error(text, "IPv4 field has value >255")
        elif char != ".":
            raise _error(text, "unexpected character", address[index:])
        elif not fields[-1] or index == len(address) - 1:
            raise _error(text, "IPv4 field must have at least one digit", address[index:])
        elif len(fields) == 4:
            raise _error(text, "IPv4 address too long")
        else:
            fields.append("")
    if len(fields) < 4:
        raise _error(text, "IPv4 address too short")


def _error(text: str, message: str, at: str = "") -> AddressError:
    return AddressError(f"ParseAddr({quote(text)}): {message}{f' (at {quote(at)})' if at else ''}")
