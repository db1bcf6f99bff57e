"""Schemas as documents: which JSON Schema draft they follow, what their references mean, whether they are valid at all.

Called by `schema` to read a values.schema.json, by `schema_walk` for what a reference points at. The rules and the
errors are those of Helm's library (santhosh-tekuri/jsonschema): a schema has to fit its metaschema first, then every
reference and pattern that validation can reach has to be sound. Nothing outside of the schema is read.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import InvalidOperation
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote as percent_encoded
from urllib.parse import unquote, urljoin

import jsonschema_rs

from steersman.core.golang.goregexp_syntax import RegexError, compile_pattern
from steersman.core.golang.quote import quote
from steersman.core.values.errors import ValuesError
from steersman.core.values.metaschemas import metaschema
from steersman.core.values.schema_formats import problem
from steersman.core.values.schema_text import WrittenNumber, lines, pointer_key, pointer_part, quoted
from steersman.core.values.schema_values import first_equal_pair
from steersman.core.values.schema_walk import Walk

_SAFE: Final = "/~!$&'()*+,;=:@"
_URL: Final = "file:///values.schema.json"
_PUBLISHER: Final = "json-schema.org/"
_LATEST: Final = 2020
_MOST_DIGITS: Final = 4000
_DRAFTS: Final = {
    "draft-04/schema": 4,
    "draft-06/schema": 6,
    "draft-07/schema": 7,
    "draft/2019-09/schema": 2019,
    "draft/2020-12/schema": _LATEST,
    "schema": _LATEST,
}
_META_PATHS: Final = {draft: path for path, draft in reversed(_DRAFTS.items()) if "/" in path}
_REFERENCES: Final = {"$ref": 4, "$recursiveRef": 2019, "$dynamicRef": 2020}
_SUBSCHEMAS: Final = {
    **dict.fromkeys(
        ("allOf", "anyOf", "oneOf", "not", "items", "additionalItems", "properties", "patternProperties"), 4
    ),
    **dict.fromkeys(("additionalProperties", "dependencies", "definitions"), 4),
    **dict.fromkeys(("contains", "propertyNames"), 6),
    **dict.fromkeys(("if", "then", "else"), 7),
    **dict.fromkeys(("dependentSchemas", "unevaluatedItems", "unevaluatedProperties", "$defs", "contentSchema"), 2019),
    "prefixItems": 2020,
}
"""Keyword → the first draft that has it. Of maps and lists every element is a schema."""
_MAPS: Final = frozenset(
    {"properties", "patternProperties", "dependencies", "definitions", "dependentSchemas", "$defs"}
)
_UNUSED: Final = frozenset({"definitions", "$defs", "contentSchema"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a schema stands: in which document, under which base URL, at which JSON pointer; and its draft."""

    url: str
    base: str
    pointer: str
    draft: int

    @property
    def location(self) -> str:
        """The URL that errors name."""
        return f"{self.url}#{self.pointer}"


class Library:
    """The schemas one values.schema.json can reach. Raises ValuesError for whatever is wrong with them."""

    def __init__(self, url: str, root: Any, draft: int) -> None:
        self.root = root
        self.is_odd = False
        """Whether it has an `enum`, a pattern or a `$ref` that only some metaschemas refuse."""
        self._places: dict[int, Place] = {}
        self._resources: dict[str, Any] = {}
        self._anchors: dict[tuple[str, str], Any] = {}
        self._dynamic: dict[tuple[str, str], Any] = {}
        self._targets: dict[tuple[int, str], Any] = {}
        self._keep: list[Any] = []
        self._add(url, root, draft)

    def place(self, schema: dict[str, Any]) -> Place:
        """Where a schema that was compiled stands."""
        return self._places[id(schema)]

    def target(self, schema: dict[str, Any], keyword: str) -> Any:
        """The schema that a reference of a compiled schema means."""
        return self._targets[id(schema), keyword]

    def dynamic(self, schema: dict[str, Any], anchor: str) -> Any:
        """The `$dynamicAnchor` of that name in the resource of a schema, None where it has none."""
        return self._dynamic.get((self.place(schema).base, anchor))

    def resource(self, schema: dict[str, Any]) -> Any:
        """The root of the resource that a schema belongs to."""
        return self._resources[self.place(schema).base]

    def compile(self) -> None:
        """Follow every reference and compile every pattern that validation can reach."""
        queue = deque([self.root])
        seen: set[int] = set()
        while queue:
            schema = queue.popleft()
            if not isinstance(schema, dict) or id(schema) in seen:
                continue
            seen.add(id(schema))
            queue.extend(self._compiled(schema))

    def _compiled(self, schema: dict[str, Any]) -> Iterator[Any]:
        place = self.place(schema)
        for keyword, since in _REFERENCES.items():
            reference = schema.get(keyword)
            if place.draft >= since and isinstance(reference, str):
                target = self._targets[id(schema), keyword] = self._resolve(reference, place)
                yield target
        if place.draft < 2019 and isinstance(schema.get("$ref"), str):
            return
        for pattern in schema.get("patternProperties", ()):
            _check_pattern(pattern, f"{place.location}/patternProperties")
        if isinstance(schema.get("pattern"), str):
            _check_pattern(schema["pattern"], f"{place.location}/pattern")
        for keyword, _, inner in _subschemas(schema, place.draft):
            if keyword not in _UNUSED:
                yield inner

    def _add(self, url: str, root: Any, draft: int) -> None:
        self._keep.append(root)
        self._resources[url] = root
        self._collect(root, Place(url, url, "", draft))

    def _collect(self, schema: Any, place: Place) -> None:
        if not isinstance(schema, dict) or id(schema) in self._places:
            return
        draft = _draft(schema, place.draft)
        name = schema.get("id" if draft == 4 else "$id")
        name = name if isinstance(name, str) and not (place.draft < 2019 and "$ref" in schema) else ""
        url, _, fragment = name.partition("#")
        if url:
            if problem("uri-reference", url):
                raise ValuesError(f"error in parsing id at {quote(place.location)}")
            place = Place(place.url, urljoin(place.base, url), place.pointer, draft)
            self._resources.setdefault(place.base, schema)
        self._places[id(schema)] = place
        self.is_odd = self.is_odd or _is_odd(schema)
        self._collect_anchors(schema, place, fragment)
        for keyword, key, inner in _subschemas(schema, place.draft):
            pointer = f"{place.pointer}/{keyword}{key}"
            self._collect(inner, Place(place.url, place.base, pointer, place.draft))

    def _collect_anchors(self, schema: dict[str, Any], place: Place, fragment: str) -> None:
        if place.draft < 2019:
            if fragment and not fragment.startswith("/"):
                self._add_anchor(unquote(fragment), schema, place)
            return
        for keyword in ("$anchor", "$dynamicAnchor"):
            name = schema.get(keyword)
            if isinstance(name, str) and (keyword == "$anchor" or place.draft >= 2020):
                self._add_anchor(name, schema, place)
                if keyword == "$dynamicAnchor":
                    self._dynamic.setdefault((place.base, name), schema)

    def _add_anchor(self, name: str, schema: dict[str, Any], place: Place) -> None:
        first = self._anchors.setdefault((place.base, name), schema)
        if first is not schema:
            where = f"{quote(self.place(first).pointer)} and {quote(place.pointer)}"
            raise ValuesError(f"duplicate anchor {quote(name)} in {quote(place.url)} at {where}")

    def _resolve(self, reference: str, place: Place) -> Any:
        url, _, fragment = urljoin(place.base, reference).partition("#")
        if url not in self._resources:
            self._add(url, *_load(url))
        resource = self._resources[url]
        fragment = unquote(fragment)
        if not fragment or fragment.startswith("/"):
            start = self._places.get(id(resource), Place(url, url, "", place.draft))
            return self._lookup(resource, fragment, start)
        try:
            return self._anchors[url, fragment]
        except KeyError:
            message = f"anchor in {quote(f'{url}#{fragment}')} not found in schema {quote(place.url)}"
            raise ValuesError(message) from None

    def _lookup(self, resource: Any, pointer: str, start: Place) -> Any:
        target = resource
        for part in pointer.split("/")[1:]:
            name = pointer_key(part)
            try:
                target = target[int(name)] if isinstance(target, list) else target[name]
            except (KeyError, IndexError, TypeError, ValueError):
                where = f"{start.url}#{percent_encoded(start.pointer + pointer, safe=_SAFE)}"
                raise ValuesError(f"json-pointer in {quote(where)} not found") from None
        if not isinstance(target, dict | bool) or (isinstance(target, dict) and id(target) not in self._places):
            place = Place(start.url, start.base, start.pointer + pointer, start.draft)
            _check_schema(target, place)
            self._collect(target, place)
        return target


@lru_cache(maxsize=64)
def read_schema(text: str) -> Library:
    """A values.schema.json, checked. Raises ValuesError in the library's words, and json's errors for no JSON."""
    try:
        root = json.loads(text, parse_float=WrittenNumber, parse_int=_integer, parse_constant=_refuse_constant)
    except InvalidOperation as error:
        raise ValuesError("values.schema.json holds a number whose exponent is beyond all bounds") from error
    draft = _draft(root, _LATEST)
    place = Place(_URL, _URL, "", draft)
    library = Library(_URL, root, draft)
    if library.is_odd or not _is_plainly_valid(text):
        _check_schema(root, place)
    try:
        library.compile()
    except ValuesError:
        _check_schema(root, place)  # comes first, though it takes too long to ask it always
        raise
    return library


def _is_plainly_valid(text: str) -> bool:
    """What jsonschema-rs says, in a fraction of the time: it lets less pass, except where the library `is_odd`."""
    try:
        return jsonschema_rs.meta.is_valid(json.loads(text))
    except (jsonschema_rs.ReferencingError, ValueError):  # of `$schema`
        return False


def _integer(text: str) -> int | WrittenNumber:
    """Python refuses to read integers of some thousands of digits."""
    return int(text) if len(text) <= _MOST_DIGITS else WrittenNumber(text)


def _refuse_constant(name: str) -> Any:
    raise json.JSONDecodeError(f"{name} is no JSON", name, 0)


def _draft(schema: Any, otherwise: int) -> int:
    """The draft that `$schema` names, `otherwise` where it names none. Raises ValuesError for an unknown one."""
    named = schema.get("$schema") if isinstance(schema, dict) else None
    if not isinstance(named, str):
        return otherwise
    url, _, fragment = named.partition("#")
    path = _published_path(url)
    if not fragment and path in _DRAFTS:
        return _DRAFTS[path]
    if url == _URL:
        raise ValuesError(f"draft {quote(url)} is not supported")
    return _load(url)[1]


def _load(url: str) -> tuple[Any, int]:
    """A document from outside the schema and its draft: a metaschema, or what accepts everything for a URN."""
    path = _published_path(url)
    published = metaschema(path) if path else None
    if published is not None:
        return published, _meta_draft(path)
    if url.startswith("urn:"):
        return True, _LATEST
    if url.startswith("file:"):
        path = unquote(url.removeprefix("file://"))
        raise ValuesError(f"failing loading {quote(url)}: open {path}: no such file or directory")
    if url.startswith(("http://", "https://")):
        raise ValuesError(f"values.schema.json refers to {url}: only references inside the schema are followed")
    raise ValuesError(f"failing loading {quote(url)}: no URLLoader registered for {quote(url)}")


def _published_path(url: str) -> str:
    """The path of a URL at json-schema.org, "" of any other URL."""
    place = url.removeprefix("http://").removeprefix("https://")
    return place.removeprefix(_PUBLISHER) if place.startswith(_PUBLISHER) else ""


def _meta_draft(path: str) -> int:
    return next(draft for name, draft in _DRAFTS.items() if path.startswith(name.rpartition("/")[0]))


@lru_cache(maxsize=8)
def _metaschema(draft: int) -> tuple[str, Library]:
    path = _META_PATHS[draft]
    url = f"{'http' if draft < 2019 else 'https'}://{_PUBLISHER}{path}"
    library = Library(url, metaschema(path), draft)
    library.compile()
    return url, library


def _check_schema(schema: Any, place: Place) -> None:
    """Raises ValuesError where a schema does not fit the metaschema of its draft."""
    url, library = _metaschema(place.draft)
    found = Walk(library, show_values=True, all_formats=True).validate(schema)
    if found is not None:
        tree = "".join(lines(found)).removesuffix("\n")
        raise ValuesError(
            f"{quote(place.location)} is not valid against metaschema: "
            f"jsonschema validation failed with {quoted(f'{url}#')}\n{tree}"
        )


def _is_odd(schema: dict[str, Any]) -> bool:
    enum = schema.get("enum")
    if isinstance(enum, list) and (not enum or first_equal_pair(enum) is not None):
        return True
    if not isinstance(schema.get("$ref", ""), str):
        return True
    patterns = schema.get("patternProperties")
    return any(
        isinstance(pattern, str) and problem("regex", pattern) is not None
        for pattern in (schema.get("pattern"), *(patterns if isinstance(patterns, dict) else ()))
    )


def _check_pattern(pattern: str, where: str) -> None:
    try:
        compile_pattern(pattern)
    except RegexError as error:
        raise ValuesError(f"invalid regex {quote(pattern)} at {quote(where)}: {error.message}") from error


def _subschemas(schema: dict[str, Any], draft: int) -> Iterator[tuple[str, str, Any]]:
    """Keyword, rest of the pointer, schema."""
    for keyword, since in _SUBSCHEMAS.items():
        inner = schema.get(keyword)
        if inner is None or draft < since:
            continue
        if isinstance(inner, list):
            yield from ((keyword, f"/{index}", item) for index, item in enumerate(inner))
        elif isinstance(inner, dict) and keyword in _MAPS:
            for name in sorted(inner):
                if not isinstance(inner[name], list):  # of `dependencies`, those are names
                    yield keyword, f"/{pointer_part(name)}", inner[name]
        else:
            yield keyword, "", inner
