"""Why values do not fit a schema, in the words and the shape Helm's users know: a tree of places and complaints.

Called by `values.schema` once the verdict (by jsonschema-rs) is no. It walks schema and values again in the order of
Helm's library (santhosh-tekuri/jsonschema), because the order decides what is said: a wrong type hides everything below
it, one complaint stands alone, several are grouped. Values themselves are shown only on request: they may be secret.
References it cannot follow end in Unexplained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, Final, TypeAlias

from steersman.core.values.schema_formats import problem
from steersman.core.values.schema_text import Complaint, Path, lines, listed, must_be, number_text, quoted

Unevaluated: TypeAlias = set[str | int]
"""Names of properties or indexes of items that no keyword has looked at yet."""
Matches: TypeAlias = Callable[[str, str], bool]
"""Whether a text matches a pattern."""

_TYPES: Final = ("null", "boolean", "number", "integer", "string", "array", "object")
_DEEPEST: Final = 200
_BOUNDS: Final[dict[str, Callable[[Decimal, Decimal], bool]]] = {
    "minimum": lambda got, want: got >= want,
    "maximum": lambda got, want: got <= want,
    "exclusiveMinimum": lambda got, want: got > want,
    "exclusiveMaximum": lambda got, want: got < want,
    "multipleOf": lambda got, want: got % want == 0,
}


class Unexplained(Exception):
    """The schema uses something this report does not know. Never leaves this package."""


def explain(schema: Any, values: Any, draft: int, matches: Matches, *, show_values: bool = False) -> str:
    """The tree as text, a line a complaint. Raises Unexplained, also when nothing wrong is found."""
    found = _Walk(schema, draft, matches, show_values=show_values).check(schema, values, ())
    if found is None:
        raise Unexplained
    return "".join(lines(found.causes if found.group else (found,), 0))


class _Walk:
    """One walk over a schema. `draft` is 4, 6, 7, 2019 or 2020."""

    def __init__(self, root: Any, draft: int, matches: Matches, *, show_values: bool) -> None:
        self._root = root
        self._draft = draft
        self._matches = matches
        self._show_values = show_values
        self._depth = 0

    def check(self, schema: Any, value: Any, path: Path, outer: Unevaluated | None = None) -> Complaint | None:
        """What is wrong with the value, None when nothing is.

        `outer` belongs to a schema of the same value that has this one inside; what is evaluated here is taken from it.
        """
        if isinstance(schema, bool):
            return None if schema else Complaint(path, "false schema")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unexplained
        left = self._unevaluated(schema, value, needed=bool(outer))
        found = self._decisive(schema, value, path) or self._all(schema, value, path, left)
        self._depth -= 1
        if outer and found is None:
            outer &= left
        return found

    def _unevaluated(self, schema: dict[str, Any], value: Any, *, needed: bool) -> Unevaluated:
        """What `unevaluatedProperties` or `unevaluatedItems` is for, of this schema or of the outer one."""
        if isinstance(value, dict):
            needed = (needed or "unevaluatedProperties" in schema) and "additionalProperties" not in schema
            return set(value) if needed else set()
        if isinstance(value, list) and (needed or "unevaluatedItems" in schema):
            first, rest = self._item_schemas(schema)
            return set() if rest is not None else set(range(len(first), len(value)))
        return set()

    def _decisive(self, schema: dict[str, Any], value: Any, path: Path) -> Complaint | None:
        """The keywords whose failure makes all others silent."""
        if self._draft < 2019 and "$ref" in schema:
            return None
        kind = json_type(value)
        wanted = schema.get("type")
        if wanted is not None:
            names = [wanted] if isinstance(wanted, str) else wanted
            if kind not in names and not ("integer" in names and _is_integer(value)):
                listed = " or ".join(name for name in _TYPES if name in names)
                return Complaint(path, f"got {kind}, want {listed}")
        if "const" in schema and self._draft > 4 and not _equal(value, schema["const"]):
            return Complaint(path, must_be([schema["const"]], "const"))
        if "enum" in schema and not any(_equal(value, item) for item in schema["enum"]):
            return Complaint(path, must_be(schema["enum"], "enum"))
        if "format" in schema and self._draft < 2019 and isinstance(value, str):
            wrong = problem(schema["format"], value)
            if wrong is not None:
                text = f"{self._shown(value)} is not valid {schema['format']}"
                return Complaint(path, f"{text}: {wrong}" if self._show_values else text)
        return None

    def _shown(self, value: str) -> str:
        return quoted(value) if self._show_values else "value"

    def _all(self, schema: dict[str, Any], value: Any, path: Path, left: Unevaluated) -> Complaint | None:
        found: list[Complaint] = []
        if "$ref" in schema:
            found += self._reference(schema["$ref"], value, path, left)
            if self._draft < 2019:
                return _united(found, path)
        if isinstance(value, dict):
            found += self._object(schema, value, path, left)
        elif isinstance(value, list):
            found += self._array(schema, value, path, left)
        elif isinstance(value, str):
            found += self._string(schema, value, path)
        elif not isinstance(value, bool) and value is not None:
            found += self._number(schema, value, path)
        for keyword in ("$recursiveRef", "$dynamicRef"):  # without resources inside the schema, plain references
            if keyword in schema and self._draft >= 2019:
                found += self._reference(schema[keyword], value, path, left)
        found += self._conditions(schema, value, path, left)
        if self._draft >= 2019:
            found += self._rest(schema, value, path, left)
        return _united(found, path)

    def _rest(self, schema: dict[str, Any], value: Any, path: Path, left: Unevaluated) -> Iterator[Complaint]:
        """`unevaluatedProperties` and `unevaluatedItems`."""
        keyword = "unevaluatedProperties" if isinstance(value, dict) else "unevaluatedItems"
        if keyword not in schema or not isinstance(value, dict | list):
            return
        items: dict[Any, Any] = value if isinstance(value, dict) else dict(enumerate(value))
        for key in sorted(left, key=str):
            found = self.check(schema[keyword], items[key], (*path, str(key)))
            if found is not None:
                yield found
        left.clear()

    def _reference(self, reference: str, value: Any, path: Path, left: Unevaluated) -> Iterator[Complaint]:
        found = self.check(_resolve(self._root, reference), value, path, left)
        if found is None:
            return
        causes = found.causes if found.group else (found,)
        yield causes[0] if len(causes) == 1 else Complaint(path, "validation failed", causes)

    def _object(
        self, schema: dict[str, Any], value: dict[str, Any], path: Path, left: Unevaluated
    ) -> Iterator[Complaint]:
        yield from _count(schema, "Properties", value, path)
        missing = [name for name in schema.get("required", ()) if name not in value]
        if missing:
            word = "property" if len(missing) == 1 else "properties"
            yield Complaint(path, f"missing {word} {listed(missing)}")
        yield from self._dependencies(schema, ("dependencies",), value, path, left)
        yield from self._properties(schema, value, path, left)
        if "propertyNames" in schema and self._draft > 4:
            for name in value:
                found = self.check(schema["propertyNames"], name, ())  # the name is a document of its own
                if found is not None:
                    causes = found.causes if found.group else (found,)
                    yield Complaint(path, f"invalid propertyName {quoted(name)}", causes)
        if self._draft >= 2019:
            yield from self._dependencies(schema, ("dependentSchemas", "dependentRequired"), value, path, left)

    def _properties(
        self, schema: dict[str, Any], value: dict[str, Any], path: Path, left: Unevaluated
    ) -> Iterator[Complaint]:
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        additional = schema.get("additionalProperties", True)
        refused = []
        for name in sorted(value):
            schemas = [known[name]] if name in known else []
            schemas += [inner for pattern, inner in patterns.items() if self._matches(pattern, name)]
            if schemas:
                left.discard(name)
            if not schemas and additional is False:
                refused.append(name)
            for inner in schemas or ([] if additional is False else [additional]):
                found = self.check(inner, value[name], (*path, name))
                if found is not None:
                    yield found
        if refused:
            yield Complaint(path, f"additional properties {listed(refused)} not allowed")

    def _dependencies(
        self,
        schema: dict[str, Any],
        keywords: tuple[str, ...],
        value: dict[str, Any],
        path: Path,
        left: Unevaluated,
    ) -> Iterator[Complaint]:
        for keyword in keywords:
            for name, wanted in schema.get(keyword, {}).items():
                if name not in value:
                    continue
                if not isinstance(wanted, list):
                    found = self.check(wanted, value, path, left)
                    if found is not None:
                        yield found
                    continue
                missing = [item for item in wanted if item not in value]
                if missing:
                    yield Complaint(path, f"properties {listed(missing)} required, if {quoted(name)} exists")

    def _array(self, schema: dict[str, Any], value: list[Any], path: Path, left: Unevaluated) -> Iterator[Complaint]:
        yield from _count(schema, "Items", value, path)
        if schema.get("uniqueItems"):
            pair = next(((j, i) for i in range(len(value)) for j in range(i) if _equal(value[i], value[j])), None)
            if pair is not None:
                yield Complaint(path, f"items at {pair[0]} and {pair[1]} are equal")
        first, rest = self._item_schemas(schema)
        for index, item in enumerate(value):
            inner = first[index] if index < len(first) else True if rest is None else rest
            if inner is False and self._draft < 2020:
                yield Complaint(path, f"last {len(value) - len(first)} additionalItem(s) not allowed")
                break
            found = self.check(inner, item, (*path, str(index)))
            if found is not None:
                yield found
        if "contains" in schema and self._draft > 4:
            yield from self._contains(schema, value, path, left)

    def _item_schemas(self, schema: dict[str, Any]) -> tuple[list[Any], Any]:
        """The schemas of the first items, and that of all others, None where there is none."""
        if self._draft >= 2020:
            return schema.get("prefixItems", []), schema.get("items")
        items = schema.get("items")
        return (items, schema.get("additionalItems")) if isinstance(items, list) else ([], items)

    def _contains(self, schema: dict[str, Any], value: list[Any], path: Path, left: Unevaluated) -> Iterator[Complaint]:
        results = [self.check(schema["contains"], item, (*path, str(index))) for index, item in enumerate(value)]
        matched = [index for index, result in enumerate(results) if result is None]
        if self._draft >= 2020:
            left.difference_update(matched)
        causes = tuple(result for result in results if result is not None)
        at = f"matched {len(matched)} items at {' '.join(map(str, matched))}"
        least = schema.get("minContains") if self._draft >= 2019 else None
        most = schema.get("maxContains") if self._draft >= 2019 else None
        if least is None and not matched:
            yield Complaint(path, "no items match contains schema", causes)
        if least is not None and len(matched) < least:
            seen = at if matched else "none matched"
            yield Complaint(path, f"min {least} items required to match contains schema, but {seen}", causes)
        if most is not None and len(matched) > most:
            yield Complaint(path, f"max {most} items required to match contains schema, but {at}")

    def _string(self, schema: dict[str, Any], value: str, path: Path) -> Iterator[Complaint]:
        yield from _count(schema, "Length", value, path)
        if "pattern" in schema and not self._matches(schema["pattern"], value):
            yield Complaint(path, f"{self._shown(value)} does not match pattern {quoted(schema['pattern'])}")

    def _number(self, schema: dict[str, Any], value: float, path: Path) -> Iterator[Complaint]:
        got = _decimal(value)
        for keyword, fits in _BOUNDS.items():
            want = schema.get(keyword)
            name = keyword
            if self._draft == 4 and keyword in ("minimum", "maximum") and schema.get(f"exclusive{keyword.title()}"):
                name = f"exclusive{keyword.title()}"
                fits = _BOUNDS[name]
            if want is None or isinstance(want, bool) or fits(got, _decimal(want)):
                continue
            yield Complaint(path, f"{name}: got {number_text(value)}, want {number_text(float(want))}")

    def _conditions(self, schema: dict[str, Any], value: Any, path: Path, left: Unevaluated) -> Iterator[Complaint]:
        if "not" in schema and self.check(schema["not"], value, path, left) is None:
            yield Complaint(path, "'not' failed")
        causes = self._failures(schema.get("allOf", ()), value, path, left)
        if causes:
            yield Complaint(path, "'allOf' failed", causes)
        causes = self._failures(schema.get("anyOf", ()), value, path, left)
        if causes and len(causes) == len(schema["anyOf"]):
            yield Complaint(path, "'anyOf' failed", causes)
        if "oneOf" in schema:
            yield from self._one_of(schema["oneOf"], value, path, left)
        if "if" in schema and self._draft >= 7:
            branch = "else" if self.check(schema["if"], value, path, left) else "then"
            found = self.check(schema.get(branch, True), value, path, left)
            if found is not None:
                yield found

    def _one_of(self, schemas: list[Any], value: Any, path: Path, left: Unevaluated) -> Iterator[Complaint]:
        results = [self.check(schema, value, path, left) for schema in schemas]
        matched = [index for index, result in enumerate(results) if result is None]
        if not matched:
            yield Complaint(path, "'oneOf' failed, none matched", tuple(filter(None, results)))
        elif len(matched) > 1:
            yield Complaint(path, f"'oneOf' failed, subschemas {matched[0]}, {matched[1]} matched")

    def _failures(self, schemas: Iterable[Any], value: Any, path: Path, left: Unevaluated) -> tuple[Complaint, ...]:
        return tuple(filter(None, (self.check(schema, value, path, left) for schema in schemas)))


def _united(found: list[Complaint], path: Path) -> Complaint | None:
    if len(found) < 2:
        return found[0] if found else None
    return Complaint(path, "validation failed", tuple(found), group=True)


def _resolve(root: Any, reference: str) -> Any:
    """What a reference inside the schema points at."""
    if not reference.startswith("#"):
        raise Unexplained
    fragment = reference[1:]
    if fragment and not fragment.startswith("/"):
        return _anchor(root, fragment)
    target = root
    for part in fragment.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~").replace("%25", "%")
        try:
            target = target[int(name)] if isinstance(target, list) else target[name]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise Unexplained from error
    return target


def _anchor(schema: Any, name: str) -> Any:
    """The schema with this `$anchor` or `$dynamicAnchor` (in old drafts an id of `#name`), wherever it is."""
    for node in _nodes(schema):
        anchors = (node.get("$anchor"), node.get("$dynamicAnchor"))
        if name in anchors or f"#{name}" in (node.get("$id"), node.get("id")):
            return node
    raise Unexplained


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _nodes(inner)


def _count(schema: dict[str, Any], what: str, value: Any, path: Path) -> Iterator[Complaint]:
    """minItems and maxItems and their like."""
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if least is not None and len(value) < least:
        yield Complaint(path, f"min{what}: got {len(value):,}, want {int(least):,}")
    if most is not None and len(value) > most:
        yield Complaint(path, f"max{what}: got {len(value):,}, want {int(most):,}")


def json_type(value: Any) -> str:
    """What JSON Schema calls the type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"


def _is_integer(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float | Decimal) and value == int(value)


def _equal(left: Any, right: Any) -> bool:
    """JSON's equality: numbers by value, true is not 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    if json_type(left) != json_type(right):
        return False
    return _decimal(left) == _decimal(right) if json_type(left) == "number" else bool(left == right)


def _decimal(value: Any) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
