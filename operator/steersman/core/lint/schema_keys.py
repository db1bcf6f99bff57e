"""Which keys values.schema.json knows at a place of the values.

Called by the check for unknown values. A place is described by all subschemas that apply there: through references
inside the file, `allOf`, `anyOf`, `oneOf`, `if`/`then`/`else` and dependent schemas, whichever branch the values take.
What cannot be followed, and what is open on purpose, knows every key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import re2

from steersman.core.golang.types import from_bytes
from steersman.core.values.schema_text import pointer_key

_BRANCHES: Final = ("allOf", "anyOf", "oneOf")
_SINGLE: Final = ("if", "then", "else")
_MAPS: Final = ("dependentSchemas", "dependencies")
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_OPEN: Final = ("additionalProperties", "unevaluatedProperties")


@dataclass(frozen=True, slots=True)
class SchemaPlace:
    """A place in the values: the plain subschemas that apply there. `open`: one of them could not be followed."""

    root: Any
    schemas: tuple[Mapping[str, Any], ...]
    open: bool = False

    @property
    def lists_keys(self) -> bool:
        """Whether the schema says at all which keys there are, and leaves no door open to others."""
        listed = any("properties" in each or "patternProperties" in each for each in self.schemas)
        return listed and not self.open and not any(_is_open(each) for each in self.schemas)

    def known(self) -> set[str]:
        """The keys that are listed by name."""
        return {key for each in self.schemas for key in _map(each.get("properties"))}

    def lists(self, key: str) -> bool:
        """Whether the key is listed, by name or by pattern."""
        return any(True for each in self.schemas for _ in _listed(each, key))

    def knows(self, key: str) -> bool:
        """Whether the key may be here as far as the schema tells."""
        return not self.lists_keys or self.lists(key)

    def at(self, key: str) -> SchemaPlace:
        """The place below a key."""
        return _place(self.root, [child for each in self.schemas for child in _children(each, key)])

    def item(self, index: int) -> SchemaPlace:
        """The place of a list's item."""
        return _place(self.root, [child for each in self.schemas for child in _items(each, index)])


def schema_place(schema: bytes | None) -> SchemaPlace:
    """The top of a values.schema.json. Without one, and in one that is no JSON (other rules tell), all is known."""
    try:
        root = json.loads(from_bytes(schema)) if schema else True
    except (ValueError, RecursionError):
        root = True
    return _place(root, [root])


def _place(root: Any, schemas: Iterable[Any]) -> SchemaPlace:
    """Follow everything that applies to the same value, each schema once: references may be circular."""
    found: list[Mapping[str, Any]] = []
    is_open = False
    waiting = list(schemas)
    seen: set[int] = set()
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict):
            is_open = is_open or schema is not False
        elif id(schema) not in seen:
            seen.add(id(schema))
            found.append(schema)
            waiting.extend(_alongside(schema))
            for name in _REFERENCES:
                if name in schema:
                    waiting.append(_resolve(root, schema[name]))
    return SchemaPlace(root, tuple(found), is_open or not found)


def _alongside(schema: Mapping[str, Any]) -> Iterator[Any]:
    for name in _BRANCHES:
        yield from (each for each in _list(schema.get(name)) if isinstance(each, dict))
    for name in _SINGLE:
        if isinstance(schema.get(name), dict):
            yield schema[name]
    for name in _MAPS:
        yield from (each for each in _map(schema.get(name)).values() if isinstance(each, dict))


def _resolve(root: Any, reference: Any) -> Any:
    """What a reference inside the file points to; True, which knows everything, for any other."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return True
    node = root
    for part in reference[1:].split("/")[1:]:
        name = pointer_key(part)
        if isinstance(node, list) and name.isdecimal() and int(name) < len(node):
            node = node[int(name)]
        elif isinstance(node, dict) and name in node:
            node = node[name]
        else:
            return True
    return node if reference[1:2] in ("", "/") else True


def _children(schema: Mapping[str, Any], key: str) -> Iterator[Any]:
    """The subschemas of one schema that apply to a key."""
    listed = list(_listed(schema, key))
    yield from listed or (schema[name] for name in _OPEN if isinstance(schema.get(name), dict))


def _listed(schema: Mapping[str, Any], key: str) -> Iterator[Any]:
    properties = _map(schema.get("properties"))
    if key in properties:
        yield properties[key]
    for pattern, child in _map(schema.get("patternProperties")).items():
        if _matches(pattern, key):
            yield child


def _items(schema: Mapping[str, Any], index: int) -> Iterator[Any]:
    listed = _list(schema.get("prefixItems")) or _list(schema.get("items"))
    if index < len(listed):
        yield listed[index]
    elif isinstance(schema.get("items"), dict):
        yield schema["items"]
    elif isinstance(schema.get("additionalItems"), dict):
        yield schema["additionalItems"]


def _is_open(schema: Mapping[str, Any]) -> bool:
    return any(schema.get(name, False) is not False for name in _OPEN)


def _matches(pattern: str, key: str) -> bool:
    try:
        return re2.search(pattern, key) is not None
    except re2.error:  # a pattern RE2 does not know may match
        return True


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
