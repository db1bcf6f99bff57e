"""Scalars with tags: `!!str 1`, `!!int "2"`, `!!binary aGk=`. Called by `decode` and `gosyntax`."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from steersman.core.golang.runes import scrub
from steersman.core.golang.types import from_bytes
from steersman.core.yaml.errors import YAMLError
from steersman.core.yaml.nodes import Node, ScalarNode
from steersman.core.yaml.scalars import MAX_INT64, Scalar, is_timestamp, resolve

_PREFIX: Final = "tag:yaml.org,2002:"
_NULL: Final = f"{_PREFIX}null"
_BOOL: Final = f"{_PREFIX}bool"
_INT: Final = f"{_PREFIX}int"
_FLOAT: Final = f"{_PREFIX}float"
_STR: Final = f"{_PREFIX}str"
_TIMESTAMP: Final = f"{_PREFIX}timestamp"
_BINARY: Final = f"{_PREFIX}binary"
_MERGE: Final = f"{_PREFIX}merge"

_RESOLVED: Final = frozenset({_NULL, _BOOL, _INT, _FLOAT, _TIMESTAMP})
"""Tags that a value must fit. All others but !!binary are ignored: the value is the text."""


def typed_scalar(node: ScalarNode) -> Scalar:
    """A scalar's value by its tag, or by its look when it is plain. Raises YAMLError when it does not fit its tag."""
    tag = node.tag
    if tag is None:
        return resolve(node.value) if node.plain else node.value
    if tag == _BINARY:
        return _binary(node)
    if tag not in _RESOLVED:
        return node.value
    value = resolve(node.value)
    actual = _TIMESTAMP if tag == _TIMESTAMP and is_timestamp(node.value) else _tag_of(value)
    if actual == tag:
        return value
    if tag == _FLOAT and actual == _INT and isinstance(value, int) and value <= MAX_INT64:
        return float(value)
    message = f"yaml: cannot decode {_short(actual)} `{node.value}` as a {_short(tag)}"
    raise YAMLError(message, line=node.line + 1)


def is_merge(key: Node) -> bool:
    """Whether a key is `<<`, whose value is merged into the mapping."""
    return isinstance(key, ScalarNode) and key.value == "<<" and (key.plain or key.tag == _MERGE)


def _tag_of(value: Scalar) -> str:
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return _BOOL
    if isinstance(value, int):
        return _INT
    if isinstance(value, float):
        return _FLOAT
    return _STR


def _short(tag: str) -> str:
    return f"!!{tag.removeprefix(_PREFIX)}"


def _binary(node: ScalarNode) -> str:
    """The decoded bytes as text; those that are not UTF-8 become U+FFFD on the way through JSON."""
    try:
        data = base64.b64decode(node.value.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise YAMLError("yaml: !!binary value contains invalid base64 data", line=node.line + 1) from error
    return scrub(from_bytes(data))
