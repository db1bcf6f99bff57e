"""Go's typed reading of a parsed YAML document: what `sigs.k8s.io/yaml` does on its way into a struct.

Called with documents of `yaml.load_exact`, by `manifest.parse` for the heads of manifests, by `chart.chartfile` for
Chart.yaml and by `lint`. Field names match in any case (an exact match wins), unknown fields are ignored unless asked,
null leaves the zero value, numbers and booleans become strings where a string is declared. Error texts are those of
`encoding/json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from steersman.core.golang.layout_reader import LayoutError, parse_clock
from steersman.core.golang.quote import quote
from steersman.core.yaml.numbers import float32_text
from steersman.core.yaml.reader import json_kind

_RFC3339 = "2006-01-02T15:04:05Z07:00"


class TypeMismatch(Exception):
    """A value of another type than the field's. `str()` is the text of encoding/json."""


class Scalar(NamedTuple):
    """A string, a bool, or (`interface {}`) anything."""

    go_type: str
    zero: Any


class ListOf(NamedTuple):
    """A slice; `nullable` elements (pointers) become None."""

    element: Kind
    nullable: bool = False

    @property
    def go_type(self) -> str:
        return f"[]{'*' if self.nullable else ''}{self.element.go_type}"


class MapOf(NamedTuple):
    """A map with string keys."""

    element: Kind

    @property
    def go_type(self) -> str:
        return f"map[string]{self.element.go_type}"


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct: JSON name of each field → its kind. Decodes to a dict of the fields that were given and not null.

    `go_type` is `package.Name`, or the whole `struct { … }` of a type without a name.
    """

    go_type: str
    fields: Mapping[str, Kind]
    folded: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", {name.lower(): name for name in self.fields})

    @property
    def name(self) -> str:
        """The bare name, as error texts have it before the path of a field."""
        return "" if self.go_type.startswith("struct ") else self.go_type.rpartition(".")[2]

    def field_named(self, key: str) -> str | None:
        """The declared field that a key means."""
        return key if key in self.fields else self.folded.get(key.lower())


Kind: TypeAlias = Scalar | ListOf | MapOf | Struct

STRING = Scalar("string", "")
BOOL = Scalar("bool", False)
TIME = Scalar("time.Time", "")
"""A text that must be a time as RFC 3339 writes it; stays a text."""
ANYTHING = Scalar("interface {}", None)


def decode(document: Any, struct: Struct, *, strict: bool = False, is_json: bool = False) -> dict[str, Any]:
    """The fields of `struct` in the document. Raises TypeMismatch for the first value of a wrong type, or with `strict`
    the first field that is not declared, in the order of the keys. A document that `is_json` was never YAML: its
    numbers and booleans are no strings."""
    decoder = _Decoder(strict=strict, is_json=is_json)
    fields = decoder.value(document, struct)
    if decoder.mismatch:
        raise TypeMismatch(decoder.mismatch)
    return fields if fields is not None else {}


class _Decoder:
    """One decoding; remembers the first mismatch and where the walk stands."""

    def __init__(self, *, strict: bool, is_json: bool) -> None:
        self.mismatch = ""
        self._strict = strict
        self._is_json = is_json
        self._struct = ""
        self._path: list[str] = []

    def value(self, value: Any, kind: Kind) -> Any:
        if value is None:
            return None
        if isinstance(kind, Scalar):
            return self._scalar(value, kind)
        if isinstance(kind, ListOf):
            return self._list(value, kind)
        if isinstance(kind, MapOf):
            return self._map(value, kind)
        return self._fields(value, kind)

    def _scalar(self, value: Any, kind: Scalar) -> Any:
        if kind is ANYTHING:
            return as_json_value(value)
        if kind is STRING and isinstance(value, bool | int | float) and not self._is_json:
            return _scalar_text(value)
        if kind is TIME:
            self._check_time(value)
            return value
        if isinstance(value, str if kind is STRING else bool):
            return value
        self._refuse(value, kind)
        return None

    def _check_time(self, value: Any) -> None:
        """time.Time reads itself: what it refuses ends the decoding, whatever did not fit before."""
        if not isinstance(value, str):
            raise TypeMismatch("Time.UnmarshalJSON: input is not a JSON string")
        try:
            parse_clock(_RFC3339, value)
        except LayoutError as error:
            raise TypeMismatch(str(error)) from error

    def _list(self, value: Any, kind: ListOf) -> list[Any] | None:
        if not isinstance(value, list):
            self._refuse(value, kind)
            return None
        decoded = [self.value(item, kind.element) for item in value]
        if kind.nullable or not isinstance(kind.element, Scalar):
            return decoded
        zero = kind.element.zero
        return [zero if item is None else item for item in decoded]

    def _map(self, value: Any, kind: MapOf) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            self._refuse(value, kind)
            return None
        zero = kind.element.zero if isinstance(kind.element, Scalar) else None
        decoded = {key: self.value(item, kind.element) for key, item in sorted(value.items())}
        return {key: zero if item is None else item for key, item in decoded.items()}

    def _fields(self, value: Any, kind: Struct) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            self._refuse(value, kind)
            return None
        outer, self._struct = self._struct, kind.name
        decoded: dict[str, Any] = {}
        for key, item in sorted(value.items()):
            name = kind.field_named(key)
            if name is None and self._strict and not self.mismatch:
                self.mismatch = f"json: unknown field {quote(key)}"
            if name is None or item is None:
                continue
            self._path.append(name)
            result = self.value(item, kind.fields[name])
            self._path.pop()
            if result is not None:
                decoded[name] = result
        self._struct = outer
        return decoded

    def _refuse(self, value: Any, kind: Kind) -> None:
        if self.mismatch:
            return
        target = f"Go struct field {self._struct}.{'.'.join(self._path)}" if self._path else "Go value"
        self.mismatch = f"json: cannot unmarshal {json_kind(value)} into {target} of type {kind.go_type}"


def as_json_value(value: Any) -> Any:
    """A document value as Go's `interface {}` holds it: every number a float64."""
    if isinstance(value, dict):
        return {key: as_json_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json_value(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _scalar_text(value: bool | int | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, int) else float32_text(value)
