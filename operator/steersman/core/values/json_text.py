"""JSON on a command line (`--set-json`): values as Go decodes them, errors in the words of encoding/json."""

from __future__ import annotations

import json
from typing import Any

from steersman.core.golang.quote import quote_rune
from steersman.core.values.errors import ValuesError

_BLANKS = " \t\r\n"


def decode_json_prefix(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that starts at `start` (blanks skipped) and where it ends. Raises ValuesError."""
    while text[start : start + 1] in _BLANKS and start < len(text):
        start += 1
    try:
        return _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise ValuesError(_error_text(text, error, "unexpected EOF")) from error


def decode_json_object(text: str) -> dict[str, Any]:
    """A text that is one JSON object. Raises ValuesError."""
    try:
        decoded: dict[str, Any] = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValuesError(_error_text(text, error, "unexpected end of JSON input")) from error
    return decoded


def _refuse_constant(name: str) -> Any:
    raise ValuesError(f"invalid character {quote_rune(name[0])} looking for beginning of value")


_DECODER = json.JSONDecoder(parse_int=float, parse_constant=_refuse_constant)


def _error_text(text: str, error: json.JSONDecodeError, at_end: str) -> str:
    rest = text[error.pos :].lstrip(_BLANKS)
    if not rest or error.msg.startswith("Unterminated string"):
        return at_end
    place = "after top-level value" if error.msg == "Extra data" else "looking for beginning of value"
    return f"invalid character {quote_rune(rest[0])} {place}"
