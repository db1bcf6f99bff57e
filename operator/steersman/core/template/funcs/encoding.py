"""Base64, Base32 and JSON functions.

Failures differ by name as in Helm: `b64dec` gives the error as text, `toJson` "", `fromJson` a map with the key
`Error`, the `must` names fail. `toJson`, `mustToJson`, `fromJson` and `fromJsonArray` are Helm's, the others Sprig's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final

from steersman.core.golang import gojson
from steersman.core.golang.gojson import JSONError
from steersman.core.golang.types import GoValue, NilList, NilMap, from_bytes, to_bytes
from steersman.core.template.funcs.registry import ANY, LIST, MAP, STRING, FunctionError, FunctionTable

TABLE = FunctionTable()

_BASE64: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_BASE32: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
_PAD: Final = ord("=")
_TOO_MUCH_PADDING: Final = b"==="
"""Python's strict mode lets it pass."""


@TABLE.function("b64enc", params=(STRING,), result=STRING)
def b64enc(text: str) -> str:
    """In Base64."""
    return binascii.b2a_base64(to_bytes(text), newline=False).decode("ascii")


@TABLE.function("b64dec", params=(STRING,), result=STRING)
def b64dec(text: str) -> str:
    """From Base64; an error as text."""
    try:
        return from_bytes(decode_base64(text))
    except ValueError as error:
        return str(error)


def decode_base64(text: str) -> bytes:
    """base64.StdEncoding.DecodeString; raises ValueError with Go's message."""
    data = to_bytes(text)
    if len(data) % 4 == 0 and not data.endswith(_TOO_MUCH_PADDING):
        try:
            return binascii.a2b_base64(data, strict_mode=True)
        except binascii.Error:
            pass
    at = _base64_error(data)
    if at is not None:
        raise ValueError(f"illegal base64 data at input byte {at}")
    return binascii.a2b_base64(data)


def _base64_error(data: bytes) -> int | None:
    """Where Go's decoder stops, or None where it does not: line breaks are skipped anywhere."""
    position = filled = 0
    while position < len(data):
        byte = data[position]
        position += 1
        if byte in b"\r\n":
            continue
        if byte in _BASE64:
            filled = (filled + 1) % 4
        elif byte != _PAD or filled < 2:
            return position - 1
        else:
            return _base64_padding_error(data, position, filled)
    return position - filled if filled else None


def _base64_padding_error(data: bytes, position: int, filled: int) -> int | None:
    if filled == 2:
        position = _after_line_breaks(data, position)
        if position == len(data):
            return position
        if data[position] != _PAD:
            return position - 1
        position += 1
    position = _after_line_breaks(data, position)
    return position if position < len(data) else None


def _after_line_breaks(data: bytes, position: int) -> int:
    while position < len(data) and data[position] in b"\r\n":
        position += 1
    return position


@TABLE.function("b32enc", params=(STRING,), result=STRING)
def b32enc(text: str) -> str:
    """In Base32."""
    return base64.b32encode(to_bytes(text)).decode("ascii")


@TABLE.function("b32dec", params=(STRING,), result=STRING)
def b32dec(text: str) -> str:
    """From Base32; an error as text."""
    data = to_bytes(text).translate(None, b"\r\n")
    try:
        return from_bytes(base64.b32decode(data[: _base32_end(data)]))
    except ValueError as error:
        return str(error)


def _base32_end(data: bytes) -> int:
    """Where Go's decoder is through, having met padding or the end; raises ValueError where it stops."""
    size = len(data)
    for position, byte in enumerate(data):
        if byte in _BASE32:
            continue
        filled = position % 8
        if byte != _PAD or filled < 2 or size - position > 8:
            raise _bad_base32(position)
        return _base32_padding_end(data, position, filled)
    if size % 8:
        raise _bad_base32(size - size % 8)
    return size


def _base32_padding_end(data: bytes, position: int, filled: int) -> int:
    end = position + 8 - filled
    if end > len(data):
        raise _bad_base32(len(data))
    for index in range(position + 1, end):
        if data[index] != _PAD:
            raise _bad_base32(index - 1)
    if filled in (3, 6):
        raise _bad_base32(position)
    return end


def _bad_base32(position: int) -> ValueError:
    return ValueError(f"illegal base32 data at input byte {position}")


@TABLE.function("toJson", params=(ANY,), result=STRING)
def to_json(value: GoValue) -> str:
    """As JSON on one line; "" for what JSON cannot hold."""
    return _or_nothing(lambda: gojson.encode(value))


@TABLE.function("mustToJson", params=(ANY,), result=STRING)
def must_to_json(value: GoValue) -> str:
    """As JSON on one line."""
    return _or_fail(lambda: gojson.encode(value))


@TABLE.function("toPrettyJson", params=(ANY,), result=STRING)
def to_pretty_json(value: GoValue) -> str:
    """As JSON on many lines; "" for what JSON cannot hold."""
    return _or_nothing(lambda: gojson.encode(value, pretty=True))


@TABLE.function("mustToPrettyJson", params=(ANY,), result=STRING)
def must_to_pretty_json(value: GoValue) -> str:
    """As JSON on many lines."""
    return _or_fail(lambda: gojson.encode(value, pretty=True))


@TABLE.function("toRawJson", "mustToRawJson", params=(ANY,), result=STRING)
def to_raw_json(value: GoValue) -> str:
    """As JSON on one line, `<`, `>` and `&` as they are."""
    return _or_fail(lambda: gojson.encode(value, escape_html=False))


def _or_nothing(encode: Callable[[], str]) -> str:
    try:
        return encode()
    except JSONError:
        return ""


def _or_fail(encode: Callable[[], str]) -> str:
    try:
        return encode()
    except JSONError as error:
        raise FunctionError(str(error)) from error


@TABLE.function("fromJson", params=(STRING,), result=MAP)
def from_json(text: str) -> dict[str, Any]:
    """A JSON object as a map; an error under the key `Error`."""
    value, error = gojson.decode_lenient(text)
    if isinstance(value, dict):
        return value if error is None else {**value, "Error": str(error)}
    if value is None:
        return NilMap() if error is None else {"Error": str(error)}
    return {"Error": _wrong_kind(value, MAP)}


@TABLE.function("fromJsonArray", params=(STRING,), result=LIST)
def from_json_array(text: str) -> list[Any]:
    """A JSON array as a list; an error as its only item."""
    value, error = gojson.decode_lenient(text)
    if isinstance(value, list):
        return value if error is None else [str(error)]
    if value is None:
        return NilList() if error is None else [str(error)]
    return [_wrong_kind(value, LIST)]


@TABLE.function("mustFromJson", params=(STRING,))
def must_from_json(text: str) -> GoValue:
    """Any JSON as a value."""
    try:
        return gojson.decode(text)
    except JSONError as error:
        raise FunctionError(str(error)) from error


def _wrong_kind(value: GoValue, wanted: str) -> str:
    found = {dict: "object", list: "array", str: "string", bool: "bool"}.get(type(value), "number")
    return f"json: cannot unmarshal {found} into Go value of type {wanted}"
