"""JSON on a command line (`--set-json`) and in files: values as Go decodes them, errors in encoding/json's words."""

from __future__ import annotations

import json
from typing import Any

from steersman.core.golang.gojson import JSONError, decode
from steersman.core.golang.gojson_syntax import syntax_error
from steersman.core.values.errors import ValuesError

_BLANKS = " \t\r\n"


def decode_json_prefix(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that starts at `start` (blanks skipped) and where it ends. Raises ValuesError."""
    while text[start : start + 1] in _BLANKS and start < len(text):
        start += 1
    try:
        end = _DECODER.raw_decode(text, start)[1]
    except (ValueError, RecursionError) as error:
        raise ValuesError(stream_error(text[start:])) from error
    try:
        return decode(text[start:end]), end
    except JSONError as error:
        raise ValuesError(str(error)) from error


def decode_json_object(text: str) -> dict[str, Any]:
    """A text that is one JSON object. Raises ValuesError."""
    try:
        decoded: dict[str, Any] = decode(text)
    except JSONError as error:
        raise ValuesError(str(error)) from error
    return decoded


def stream_error(text: str) -> str:
    """What Go says of a text that is no JSON when it reads it from a stream."""
    message = syntax_error(text)
    at_the_end = message != syntax_error(f"{text}\0")
    return "unexpected EOF" if at_the_end else message


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=float, parse_constant=_refuse_constant)
