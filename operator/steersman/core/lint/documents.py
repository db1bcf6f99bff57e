"""The heads of the documents in a rendered file or a CRD, as Kubernetes' decoder reads YAML or JSON from a stream.

Called by the rules for templates and CRDs. A text that starts with `{` may be a row of JSON values without separators;
where that fails it is read as YAML, and the complaint, if any, is still the one about JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from steersman.core import yaml
from steersman.core.chart.documents import SeparatorError, split_yaml
from steersman.core.golang.gojson_syntax import locate_syntax_error
from steersman.core.golang.runes import SPACE
from steersman.core.golang.types import to_bytes
from steersman.core.manifest.typed import STRING, Struct, TypeMismatch, decode
from steersman.core.values.errors import ValuesError
from steersman.core.values.json_text import decode_json_prefix
from steersman.core.yaml.errors import UNMARSHALING

_LOOKAHEAD: Final = 4096
_BLANKS: Final = " \t\r\n"
_REST_OF_LINE: Final = re.compile(r"[^\S\n]*\n?")
_HEAD: Final = Struct(
    "rules.k8sYamlStruct",
    {
        "apiVersion": STRING,
        "Kind": STRING,
        "Metadata": Struct("rules.k8sYamlMetadata", {"Namespace": STRING, "Name": STRING}),
    },
)


class DocumentError(Exception):
    """A document that does not parse, in the words of the libraries Helm asks. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the rules read of a document; "" for what it does not say."""

    api_version: str
    kind: str
    name: str


def read_heads(text: str) -> Iterator[Head]:
    """The head of each document that holds something. Raises DocumentError at the first that does not parse, or has
    a head of wrong types."""
    heads = _json_heads(text) if text[:_LOOKAHEAD].lstrip(SPACE).startswith("{") else _yaml_heads(text)
    yield from (head for head in heads if head is not None)


def _json_heads(text: str) -> Iterator[Head | None]:
    position = count = 0
    while text[position:].strip(_BLANKS):
        try:
            value, end = decode_json_prefix(text, position)
            head = _head(value, is_json=True)
        except (ValuesError, TypeMismatch) as error:
            message, offset = _json_problem(text[position:], error)
            if count > 1:  # surely JSON: there is no way back
                raise DocumentError(message) from error
            before = len(to_bytes(text[:position]))
            problem = f"json: offset {before + offset}: {message}" if offset else message
            yield from _rest_as_yaml(text[position:], problem)
            return
        position, count = end, count + 1
        yield head


def _rest_as_yaml(text: str, problem: str) -> Iterator[Head | None]:
    line = _REST_OF_LINE.match(text)
    heads = _yaml_heads(text[line.end() :] if line else text)
    try:
        yield next(heads, None)
    except DocumentError as error:
        raise DocumentError(problem) from error
    yield from heads


def _json_problem(text: str, error: ValuesError | TypeMismatch) -> tuple[str, int]:
    """What Go says of the text, and where if it is the syntax."""
    if isinstance(error, TypeMismatch) or error.message == "unexpected EOF":
        return str(error), 0
    return locate_syntax_error(text)


def _yaml_heads(text: str) -> Iterator[Head | None]:
    try:
        for document in split_yaml(to_bytes(text)):
            yield _head(yaml.load_exact(document))
    except (yaml.YAMLError, SeparatorError) as error:
        raise DocumentError(error.message) from error
    except TypeMismatch as error:
        raise DocumentError(f"{UNMARSHALING}{error}") from error


def _head(document: Any, *, is_json: bool = False) -> Head | None:
    if document is None:
        return None
    fields = decode(document, _HEAD, is_json=is_json)
    return Head(fields.get("apiVersion", ""), fields.get("Kind", ""), fields.get("Metadata", {}).get("Name", ""))
