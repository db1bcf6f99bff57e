"""Why values do not fit a schema, in the words and the shape Helm's users know: a tree of places and complaints.

Called by `values.schema` once the verdict (by jsonschema-rs) is no. It walks schema and values again in the order of
Helm's library (santhosh-tekuri/jsonschema), because the order decides what is said: a wrong type hides everything below
it, one complaint stands alone, several are grouped. Values themselves are never shown: they may be secret.
Keywords it does not know (`unevaluatedProperties`, `$dynamicRef`…) and references it cannot follow end in Unexplained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

from steersman.core.golang.numbers import format_float
from steersman.core.golang.quote import quote

Path: TypeAlias = tuple[str, ...]
Leaf: TypeAlias = Callable[[dict[str, Any], Any], bool]
"""Whether a value fits a schema of one keyword: what patterns and formats are asked."""

_TYPES: Final = ("null", "boolean", "number", "integer", "string", "array", "object")
_DEEPEST: Final = 200
_ASSERTED: Final = {"$schema": "http://json-schema.org/draft-07/schema#"}  # later drafts do not assert formats
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_BOUNDS: Final[dict[str, Callable[[Decimal, Decimal], bool]]] = {
    "minimum": lambda got, want: got >= want,
    "maximum": lambda got, want: got <= want,
    "exclusiveMinimum": lambda got, want: got > want,
    "exclusiveMaximum": lambda got, want: got < want,
    "multipleOf": lambda got, want: got % want == 0,
}


class Unexplained(Exception):
    """The schema uses something this report does not know. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong in one place; `group` marks several complaints about it that need no heading at the top."""

    path: Path
    text: str
    causes: tuple[Complaint, ...] = ()
    group: bool = False


def explain(schema: Any, values: Any, draft: int, leaf: Leaf) -> str:
    """The tree as text, a line a complaint. Raises Unexplained, also when nothing wrong is found."""
    found = _Walk(schema, draft, leaf).check(schema, values, ())
    if found is None:
        raise Unexplained
    return "".join(_lines(found.causes if found.group else (found,), 0))


def place(path: Iterable[str | int]) -> str:
    """A path as the JSON pointer shown to people: `'/a/0'`."""
    return quoted("".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path))


def quoted(text: str) -> str:
    """In single quotes, escaped as Go does."""
    inner = quote(text)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def _lines(complaints: Iterable[Complaint], depth: int) -> Iterator[str]:
    for complaint in complaints:
        yield f"{'  ' * depth}- at {place(complaint.path)}: {complaint.text}\n"
        yield from _lines(complaint.causes, depth + 1)


class _Walk:
    """One walk over a schema. `draft` is 4, 6, 7, 2019 or 2020."""

    def __init__(self, root: Any, draft: int, leaf: Leaf) -> None:
        self._root = root
        self._draft = draft
        self._leaf = leaf
        self._depth = 0

    def check(self, schema: Any, value: Any, path: Path) -> Complaint | None:
        """What is wrong with the value, None when nothing is."""
        if isinstance(schema, bool):
            return None if schema else Complaint(path, "false schema")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unexplained
        found = self._decisive(schema, value, path) or self._all(schema, value, path)
        self._depth -= 1
        return found

    def _decisive(self, schema: dict[str, Any], value: Any, path: Path) -> Complaint | None:
        """The keywords whose failure makes all others silent."""
        if self._draft < 2019 and "$ref" in schema:
            return None
        kind = _type(value)
        wanted = schema.get("type")
        if wanted is not None:
            names = [wanted] if isinstance(wanted, str) else wanted
            if kind not in names and not ("integer" in names and _is_integer(value)):
                listed = " or ".join(name for name in _TYPES if name in names)
                return Complaint(path, f"got {kind}, want {listed}")
        if "const" in schema and self._draft > 4 and not _equal(value, schema["const"]):
            return Complaint(path, _must_be([schema["const"]], "const"))
        if "enum" in schema and not any(_equal(value, item) for item in schema["enum"]):
            return Complaint(path, _must_be(schema["enum"], "enum"))
        if (
            "format" in schema
            and self._draft < 2019
            and not self._leaf(_ASSERTED | {"format": schema["format"]}, value)
        ):
            return Complaint(path, f"value is not valid {schema['format']}")
        return None

    def _all(self, schema: dict[str, Any], value: Any, path: Path) -> Complaint | None:
        found: list[Complaint] = []
        if "$ref" in schema:
            found += self._reference(schema["$ref"], value, path)
            if self._draft < 2019:
                return _united(found, path)
        if isinstance(value, dict):
            found += self._object(schema, value, path)
        elif isinstance(value, list):
            found += self._array(schema, value, path)
        elif isinstance(value, str):
            found += self._string(schema, value, path)
        elif not isinstance(value, bool) and value is not None:
            found += self._number(schema, value, path)
        found += self._conditions(schema, value, path)
        return _united(found, path)

    def _reference(self, reference: str, value: Any, path: Path) -> Iterator[Complaint]:
        found = self.check(_resolve(self._root, reference), value, path)
        if found is None:
            return
        causes = found.causes if found.group else (found,)
        yield causes[0] if len(causes) == 1 else Complaint(path, "validation failed", causes)

    def _object(self, schema: dict[str, Any], value: dict[str, Any], path: Path) -> Iterator[Complaint]:
        yield from _count(schema, "Properties", value, path)
        missing = [name for name in schema.get("required", ()) if name not in value]
        if missing:
            word = "property" if len(missing) == 1 else "properties"
            yield Complaint(path, f"missing {word} {_listed(missing)}")
        yield from self._dependencies(schema, ("dependencies",), value, path)
        yield from self._properties(schema, value, path)
        if "propertyNames" in schema and self._draft > 4:
            for name in value:
                found = self.check(schema["propertyNames"], name, ())  # the name is a document of its own
                if found is not None:
                    causes = found.causes if found.group else (found,)
                    yield Complaint(path, f"invalid propertyName {quoted(name)}", causes)
        if self._draft >= 2019:
            yield from self._dependencies(schema, ("dependentSchemas", "dependentRequired"), value, path)

    def _properties(self, schema: dict[str, Any], value: dict[str, Any], path: Path) -> Iterator[Complaint]:
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        additional = schema.get("additionalProperties", True)
        refused = []
        for name in sorted(value):
            schemas = [known[name]] if name in known else []
            schemas += [inner for pattern, inner in patterns.items() if self._leaf({"pattern": pattern}, name)]
            if not schemas and additional is False:
                refused.append(name)
            for inner in schemas or ([] if additional is False else [additional]):
                found = self.check(inner, value[name], (*path, name))
                if found is not None:
                    yield found
        if refused:
            yield Complaint(path, f"additional properties {_listed(refused)} not allowed")

    def _dependencies(
        self, schema: dict[str, Any], keywords: tuple[str, ...], value: dict[str, Any], path: Path
    ) -> Iterator[Complaint]:
        for keyword in keywords:
            for name, wanted in schema.get(keyword, {}).items():
                if name not in value:
                    continue
                if not isinstance(wanted, list):
                    found = self.check(wanted, value, path)
                    if found is not None:
                        yield found
                    continue
                missing = [item for item in wanted if item not in value]
                if missing:
                    yield Complaint(path, f"properties {_listed(missing)} required, if {quoted(name)} exists")

    def _array(self, schema: dict[str, Any], value: list[Any], path: Path) -> Iterator[Complaint]:
        yield from _count(schema, "Items", value, path)
        if schema.get("uniqueItems"):
            pair = next(((j, i) for i in range(len(value)) for j in range(i) if _equal(value[i], value[j])), None)
            if pair is not None:
                yield Complaint(path, f"items at {pair[0]} and {pair[1]} are equal")
        first, rest = self._item_schemas(schema)
        for index, item in enumerate(value):
            inner = first[index] if index < len(first) else rest
            if inner is False and self._draft < 2020:
                yield Complaint(path, f"last {len(value) - len(first)} additionalItem(s) not allowed")
                break
            found = self.check(inner, item, (*path, str(index)))
            if found is not None:
                yield found
        if "contains" in schema and self._draft > 4:
            yield from self._contains(schema, value, path)

    def _item_schemas(self, schema: dict[str, Any]) -> tuple[list[Any], Any]:
        """The schemas of the first items, and that of all others."""
        if self._draft >= 2020:
            return schema.get("prefixItems", []), schema.get("items", True)
        items = schema.get("items", True)
        return (items, schema.get("additionalItems", True)) if isinstance(items, list) else ([], items)

    def _contains(self, schema: dict[str, Any], value: list[Any], path: Path) -> Iterator[Complaint]:
        results = [self.check(schema["contains"], item, (*path, str(index))) for index, item in enumerate(value)]
        matched = [index for index, result in enumerate(results) if result is None]
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
        if "pattern" in schema and not self._leaf({"pattern": schema["pattern"]}, value):
            yield Complaint(path, f"value does not match pattern {quoted(schema['pattern'])}")

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
            yield Complaint(path, f"{name}: got {_float(value)}, want {_float(float(want))}")

    def _conditions(self, schema: dict[str, Any], value: Any, path: Path) -> Iterator[Complaint]:
        if "not" in schema and self.check(schema["not"], value, path) is None:
            yield Complaint(path, "'not' failed")
        causes = self._failures(schema.get("allOf", ()), value, path)
        if causes:
            yield Complaint(path, "'allOf' failed", causes)
        causes = self._failures(schema.get("anyOf", ()), value, path)
        if causes and len(causes) == len(schema["anyOf"]):
            yield Complaint(path, "'anyOf' failed", causes)
        if "oneOf" in schema:
            yield from self._one_of(schema["oneOf"], value, path)
        if "if" in schema and self._draft >= 7:
            branch = "else" if self.check(schema["if"], value, path) else "then"
            found = self.check(schema.get(branch, True), value, path)
            if found is not None:
                yield found

    def _one_of(self, schemas: list[Any], value: Any, path: Path) -> Iterator[Complaint]:
        results = [self.check(schema, value, path) for schema in schemas]
        matched = [index for index, result in enumerate(results) if result is None]
        if not matched:
            yield Complaint(path, "'oneOf' failed, none matched", tuple(filter(None, results)))
        elif len(matched) > 1:
            yield Complaint(path, f"'oneOf' failed, subschemas {matched[0]}, {matched[1]} matched")

    def _failures(self, schemas: Iterable[Any], value: Any, path: Path) -> tuple[Complaint, ...]:
        return tuple(filter(None, (self.check(schema, value, path) for schema in schemas)))


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
    """The schema with this `$anchor` (in old drafts an id of `#name`), wherever it is."""
    for node in _nodes(schema):
        if node.get("$anchor") == name or f"#{name}" in (node.get("$id"), node.get("id")):
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


def _type(value: Any) -> str:
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
    if _type(left) != _type(right):
        return False
    return _decimal(left) == _decimal(right) if _type(left) == "number" else bool(left == right)


def _decimal(value: Any) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _must_be(wanted: list[Any], keyword: str) -> str:
    if any(isinstance(item, dict | list) for item in wanted):
        return f"'{keyword}' failed"
    shown = ", ".join(map(_display, wanted))
    return f"value must be {shown}" if len(wanted) == 1 else f"value must be one of {shown}"


def _display(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names))


def _float(value: float) -> str:
    """A number in the English form of Go's message printer: `123,456.5`, `1.5×10⁰⁶`."""
    mantissa, _, exponent = format_float(float(value)).partition("e")
    if exponent:
        return f"{mantissa}×10{exponent.lstrip('+').translate(_SUPERSCRIPTS)}"
    whole, dot, fraction = mantissa.partition(".")
    return f"{int(whole):,}{dot}{fraction}" if whole not in ("-0", "0") else mantissa
