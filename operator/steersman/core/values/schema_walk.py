"""Values against a schema: the first complaints of each place, in the order and shape of Helm's library.

Called by `schema` for values and by `schema_document` for schemas themselves. The order decides what is said: a wrong
type hides everything else about a value, one complaint stands alone, several are grouped. `unevaluated…` needs to know
what the keywords before it have looked at: every check gives back the names or indexes that it has not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from steersman.core.golang.goregexp import is_found
from steersman.core.golang.goregexp_syntax import compile_pattern
from steersman.core.values.schema_formats import problem
from steersman.core.values.schema_text import Complaint, Path, listed, must_be, quoted
from steersman.core.values.schema_values import bounds, count, equal, first_equal_pair, is_integer, type_of, type_words

Left: TypeAlias = set[Any]
"""Names or indexes that nothing has evaluated yet."""


class References(Protocol):
    """What a walk asks of the schemas' library."""

    root: Any

    def place(self, schema: dict[str, Any]) -> Any: ...
    def target(self, schema: dict[str, Any], keyword: str) -> Any: ...
    def dynamic(self, schema: dict[str, Any], anchor: str) -> Any: ...
    def resource(self, schema: dict[str, Any]) -> Any: ...


@dataclass(frozen=True, slots=True)
class _Scope:
    """A schema that is being applied, and how validation came to it; `depth` counts the values above."""

    schema: dict[str, Any]
    keyword: str
    depth: int
    parent: _Scope | None

    def same_above(self) -> _Scope | None:
        """Where the schema was met before for the same value."""
        scope = self.parent
        while scope is not None and scope.depth == self.depth:
            if scope.schema is self.schema:
                return scope
            scope = scope.parent
        return None

    def chain(self) -> Iterator[_Scope]:
        scope: _Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


class Walk:
    """Checks values. Only with `show_values` they appear in complaints: they may be secret.

    `all_formats` asserts formats in every draft, as Helm's library does for schemas themselves.
    """

    def __init__(self, references: References, *, show_values: bool, all_formats: bool = False) -> None:
        self._references = references
        self._show_values = show_values
        self._all_formats = all_formats

    def validate(self, value: Any) -> Complaint | None:
        """What is wrong with a value, None when nothing is."""
        return self._check(self._references.root, value, (), None, "", 0, needed=False)[1]

    def _check(
        self, schema: Any, value: Any, path: Path, parent: _Scope | None, keyword: str, depth: int, *, needed: bool
    ) -> tuple[Left, Complaint | None]:
        if not isinstance(schema, dict) or not schema:
            left = _everything(value) if needed else set()
            return left, Complaint(path, "false schema") if schema is False else None
        scope = _Scope(schema, keyword, depth, parent)
        again = scope.same_above()
        if again is not None:
            return set(), self._cycle(scope, again, path)
        draft = self._references.place(schema).draft
        return _Check(self, scope, draft, value, path).run(needed=needed)

    def _cycle(self, scope: _Scope, again: _Scope, path: Path) -> Complaint:
        ways = " and ".join(map(self._way, (scope, again)))
        url = self._references.place(scope.schema).location
        return Complaint(path, f'both {ways} resolve to "{url}" causing reference cycle')

    def _way(self, scope: _Scope) -> str:
        """The keywords that led there."""
        way = ""
        for step in scope.chain():
            if step.parent is None:
                break
            here, above = (self._references.place(s.schema).location for s in (step, step.parent))
            way = (f"/{step.keyword}" if step.keyword else here[len(above) :]) + way
        return way


class _Check:
    """One value against one schema."""

    def __init__(self, walk: Walk, scope: _Scope, draft: int, value: Any, path: Path) -> None:
        self._walk = walk
        self._references = walk._references
        self._scope = scope
        self._schema = scope.schema
        self._draft = draft
        self._value = value
        self._path = path
        self._left: Left = set()
        self._found: list[Complaint] = []

    def run(self, *, needed: bool) -> tuple[Left, Complaint | None]:
        only_reference = self._draft < 2019 and isinstance(self._schema.get("$ref"), str)
        self._left = self._unevaluated(needed=needed)
        complaint = self._wrong_constant() if only_reference else self._decisive()
        if complaint is not None:
            return set(), complaint
        if "$ref" in self._schema:
            self._reference("$ref", self._references.target(self._schema, "$ref"))
        if not only_reference:
            self._all()
        if not self._found:
            return self._left, None
        if len(self._found) == 1:
            return set(), self._found[0]
        return set(), Complaint(self._path, "validation failed", tuple(self._found), group=True)

    def _decisive(self) -> Complaint | None:
        """The keywords whose failure makes all others silent."""
        schema, value = self._schema, self._value
        wanted = schema.get("type")
        if wanted is not None:
            names = [wanted] if isinstance(wanted, str) else wanted
            kind = type_of(value)
            if kind not in names and not ("integer" in names and is_integer(value)):
                return Complaint(self._path, f"got {kind}, want {type_words(names)}")
        complaint = self._wrong_constant()
        if complaint is not None:
            return complaint
        if "enum" in schema and not any(equal(value, item) for item in schema["enum"]):
            return Complaint(self._path, must_be(schema["enum"], "enum"))
        if isinstance(value, str) and "format" in schema and (self._draft < 2019 or self._walk._all_formats):
            what = problem(schema["format"], value)
            if what is not None:
                text = f"{self._shown(value)} is not valid {schema['format']}"
                return Complaint(self._path, f"{text}: {what}" if self._walk._show_values else text)
        return None

    def _wrong_constant(self) -> Complaint | None:
        """`const`, which old drafts look at even beside a `$ref`."""
        if "const" not in self._schema or self._draft == 4 or equal(self._value, self._schema["const"]):
            return None
        return Complaint(self._path, must_be([self._schema["const"]], "const"))

    def _all(self) -> None:
        value = self._value
        if isinstance(value, dict):
            self._object(value)
        elif isinstance(value, list):
            self._array(value)
        elif isinstance(value, str):
            self._string(value)
        elif type_of(value) == "number":
            self._found += bounds(self._schema, value, self._path, self._draft)
        if self._draft >= 2019:
            self._dynamic_references()
        self._conditions()
        if self._draft >= 2019:
            self._rest()

    def _add(self, text: str, causes: Iterable[Complaint] = ()) -> None:
        self._found.append(Complaint(self._path, text, tuple(causes)))

    def _shown(self, value: str) -> str:
        return quoted(value) if self._walk._show_values else "value"

    # Schemas inside this one: for the same value, and for values inside it.

    def _same(self, schema: Any, keyword: str = "") -> Complaint | None:
        needed = bool(self._left)
        scope = self._scope
        left, found = self._walk._check(schema, self._value, self._path, scope, keyword, scope.depth, needed=needed)
        if found is None:
            self._left &= left
        return found

    def _within(self, schema: Any, value: Any, key: str) -> Complaint | None:
        scope = self._scope
        return self._walk._check(schema, value, (*self._path, key), scope, "", scope.depth + 1, needed=False)[1]

    def _note(self, complaint: Complaint | None) -> None:
        if complaint is not None:
            self._found.append(complaint)

    def _reference(self, keyword: str, target: Any) -> None:
        found = self._same(target, keyword)
        if found is None:
            return
        causes = found.causes if found.group else (found,)
        self._found.append(causes[0] if len(causes) == 1 else Complaint(self._path, "validation failed", causes))

    def _dynamic_references(self) -> None:
        chain = tuple(self._scope.chain())
        if "$recursiveRef" in self._schema:
            target = self._references.target(self._schema, "$recursiveRef")
            if isinstance(target, dict) and target.get("$recursiveAnchor") is True:
                for scope in chain:
                    resource = self._references.resource(scope.schema)
                    target = scope.schema if resource.get("$recursiveAnchor") is True else target
            self._reference("$recursiveRef", target)
        if "$dynamicRef" in self._schema and self._draft >= 2020:
            target = self._references.target(self._schema, "$dynamicRef")
            anchor = self._schema["$dynamicRef"].partition("#")[2]
            if anchor and isinstance(target, dict) and target.get("$dynamicAnchor") == anchor:
                for scope in chain:
                    target = self._references.dynamic(scope.schema, anchor) or target
            self._reference("$dynamicRef", target)

    # Keywords by the type of the value.

    def _object(self, value: dict[str, Any]) -> None:
        schema = self._schema
        self._found += count(schema, "Properties", value, self._path)
        missing = [name for name in schema.get("required", ()) if name not in value]
        if missing:
            self._add(f"missing {'property' if len(missing) == 1 else 'properties'} {listed(missing)}")
        self._dependencies("dependencies", value)
        self._properties(value)
        if self._draft > 4 and "propertyNames" in schema:
            self._names(value)
        if self._draft >= 2019:
            self._dependencies("dependentSchemas", value)
            self._dependencies("dependentRequired", value)

    def _properties(self, value: dict[str, Any]) -> None:
        known = self._schema.get("properties", {})
        patterns = self._schema.get("patternProperties", {})
        additional = self._schema.get("additionalProperties")
        refused = []
        for name in sorted(value):
            schemas = [known[name]] if name in known else []
            schemas += [inner for pattern, inner in patterns.items() if is_found(compile_pattern(pattern), name)]
            if not schemas and additional is False:
                refused.append(name)
            elif not schemas and additional is not None:
                schemas = [additional]
            for inner in schemas:
                self._note(self._within(inner, value[name], name))
            if schemas or additional is not None:
                self._left.discard(name)
        if refused:
            self._add(f"additional properties {listed(refused)} not allowed")

    def _names(self, value: dict[str, Any]) -> None:
        for name in sorted(value):
            schema = self._schema["propertyNames"]
            found = self._walk._check(schema, name, (), None, "", 0, needed=False)[1]  # a document of its own
            if found is not None:
                self._add(f"invalid propertyName {quoted(name)}", found.causes if found.group else (found,))

    def _dependencies(self, keyword: str, value: dict[str, Any]) -> None:
        for name, wanted in self._schema.get(keyword, {}).items():
            if name not in value:
                continue
            if not isinstance(wanted, list):
                self._note(self._same(wanted))
                continue
            missing = [item for item in wanted if item not in value]
            if missing:
                self._add(f"properties {listed(missing)} required, if {quoted(name)} exists")

    def _array(self, value: list[Any]) -> None:
        self._found += count(self._schema, "Items", value, self._path)
        if self._schema.get("uniqueItems"):
            pair = first_equal_pair(value)
            if pair is not None:
                self._add(f"items at {pair[0]} and {pair[1]} are equal")
        first, rest = self._item_schemas()
        for index, (schema, item) in enumerate(zip(first, value, strict=False)):
            self._note(self._within(schema, item, str(index)))
        if rest is False and self._draft < 2020 and isinstance(self._schema["items"], list):
            if len(value) > len(first):
                self._add(f"last {len(value) - len(first)} additionalItem(s) not allowed")
        elif rest is not None:
            for index in range(len(first), len(value)):
                self._note(self._within(rest, value[index], str(index)))
        if "contains" in self._schema and self._draft > 4:
            self._contains(value)

    def _item_schemas(self) -> tuple[list[Any], Any]:
        """The schemas of the first items, and that of all others."""
        items = self._schema.get("items")
        if self._draft >= 2020:
            return self._schema.get("prefixItems", []), items
        return (items, self._schema.get("additionalItems")) if isinstance(items, list) else ([], items)

    def _contains(self, value: list[Any]) -> None:
        schema = self._schema
        results = [self._within(schema["contains"], item, str(index)) for index, item in enumerate(value)]
        matched = [index for index, result in enumerate(results) if result is None]
        if self._draft >= 2020:
            self._left -= set(matched)
        causes = tuple(result for result in results if result is not None)
        at = f"matched {len(matched)} items at {' '.join(map(str, matched))}"
        least = schema.get("minContains") if self._draft >= 2019 else None
        most = schema.get("maxContains") if self._draft >= 2019 else None
        if least is None and not matched:
            self._add("no items match contains schema", causes)
        if least is not None and len(matched) < least:
            seen = at if matched else "none matched"
            self._add(f"min {least} items required to match contains schema, but {seen}", causes)
        if most is not None and len(matched) > most:
            self._add(f"max {most} items required to match contains schema, but {at}")

    def _string(self, value: str) -> None:
        self._found += count(self._schema, "Length", value, self._path)
        pattern = self._schema.get("pattern")
        if pattern is not None and not is_found(compile_pattern(pattern), value):
            self._add(f"{self._shown(value)} does not match pattern {quoted(pattern)}")

    # Keywords for every type.

    def _conditions(self) -> None:
        schema = self._schema
        if "not" in schema and self._same(schema["not"]) is None:
            self._add("'not' failed")
        causes = tuple(filter(None, map(self._same, schema.get("allOf", ()))))
        if causes:
            self._add("'allOf' failed", causes)
        self._any_of(schema.get("anyOf", ()))
        self._one_of(schema.get("oneOf", ()))
        if "if" in schema and self._draft >= 7:
            branch = "then" if self._same(schema["if"]) is None else "else"
            if branch in schema:
                self._note(self._same(schema[branch]))

    def _any_of(self, schemas: list[Any]) -> None:
        matched, causes = False, []
        for schema in schemas:
            found = self._same(schema)
            if found is None:
                matched = True
                if not self._left:
                    break
            else:
                causes.append(found)
        if schemas and not matched:
            self._add("'anyOf' failed", causes)

    def _one_of(self, schemas: list[Any]) -> None:
        matched: list[int] = []
        causes = []
        for index, schema in enumerate(schemas):
            found = self._same(schema)
            if found is not None:
                causes.append(found)
                continue
            matched.append(index)
            if len(matched) == 2:
                self._add(f"'oneOf' failed, subschemas {matched[0]}, {matched[1]} matched")
                break
        if schemas and not matched:
            self._add("'oneOf' failed, none matched", causes)

    def _unevaluated(self, *, needed: bool) -> Left:
        schema, value = self._schema, self._value
        if isinstance(value, dict):
            if "additionalProperties" in schema or not (needed or "unevaluatedProperties" in schema):
                return set()
            return set(value)
        if isinstance(value, list) and (needed or "unevaluatedItems" in schema):
            first, rest = self._item_schemas()
            return set(range(len(first), len(value))) if rest is None else set()
        return set()

    def _rest(self) -> None:
        schema, value = self._schema, self._value
        if isinstance(value, dict) and "unevaluatedProperties" in schema:
            for name in sorted(self._left):
                self._note(self._within(schema["unevaluatedProperties"], value[name], name))
            self._left = set()
        if isinstance(value, list) and "unevaluatedItems" in schema:
            for index in sorted(self._left):
                self._note(self._within(schema["unevaluatedItems"], value[index], str(index)))
            self._left = set()


def _everything(value: Any) -> Left:
    if isinstance(value, dict):
        return set(value)
    return set(range(len(value))) if isinstance(value, list) else set()
