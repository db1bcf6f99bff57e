"""Dictionary functions of Sprig.

`set`, `unset` and the merges change the dictionary they are given, which charts rely on. Merging is mergo's: a source
fills what the destination lacks or has empty (`false` and `0` count as empty), maps merge deep, and what is taken over
is shared, not copied. Go gives `keys` and `values` in random order; here both follow the sorted keys.
"""

from __future__ import annotations

from typing import Any

from steersman.core.golang.cast import strval
from steersman.core.golang.format import sorted_items
from steersman.core.golang.kinds import INTERFACE, type_name
from steersman.core.golang.types import GoStruct, GoValue, NilMap, StringList, StringMap
from steersman.core.template.funcs.registry import (
    ANY,
    BOOL,
    LIST,
    MAP,
    STRING,
    STRING_LIST,
    FunctionError,
    FunctionTable,
)

TABLE = FunctionTable()

# None is what a literal nil becomes where a map is declared: a nil map, which reads as empty.
_Dict = dict[str, Any]
_MaybeDict = dict[str, Any] | None


@TABLE.function("dict", variadic=ANY, result=MAP)
def make_dict(*values: GoValue) -> _Dict:
    """Keys and values in turn; a last key without a value gets ""."""
    count = len(values)
    made: _Dict = {}
    for index in range(0, count, 2):
        key = values[index]
        made[key if type(key) is str else strval(key)] = values[index + 1] if index + 1 < count else ""
    return made


@TABLE.function("get", params=(MAP, STRING))
def get(mapping: _MaybeDict, key: str) -> GoValue:
    """The value of a key, "" when there is none."""
    return mapping[key] if mapping and key in mapping else ""


@TABLE.function("set", params=(MAP, STRING, ANY), result=MAP)
def set_key(mapping: _MaybeDict, key: str, value: GoValue) -> _Dict:
    """Sets a key of this very dictionary and gives it back."""
    if mapping is None or type(mapping) is NilMap:
        raise FunctionError("assignment to entry in nil map")
    mapping[key] = value
    return mapping


@TABLE.function("unset", params=(MAP, STRING), result=MAP)
def unset(mapping: _MaybeDict, key: str) -> _Dict:
    """Removes a key from this very dictionary and gives it back."""
    if mapping is None:
        return NilMap()
    mapping.pop(key, None)
    return mapping


@TABLE.function("hasKey", params=(MAP, STRING), result=BOOL)
def has_key(mapping: _MaybeDict, key: str) -> bool:
    """Whether the key is there, be its value nil."""
    return mapping is not None and key in mapping


@TABLE.function("pluck", params=(STRING,), variadic=MAP, result=LIST)
def pluck(key: str, *mappings: _MaybeDict) -> list[GoValue]:
    """The values of a key in all dictionaries that have it."""
    return [mapping[key] for mapping in mappings if mapping and key in mapping]


@TABLE.function("keys", variadic=MAP, result=STRING_LIST)
def keys(*mappings: _MaybeDict) -> StringList:
    """The keys of all dictionaries."""
    return StringList([key for mapping in mappings if mapping for key, _ in sorted_items(mapping)])


@TABLE.function("values", params=(MAP,), result=LIST)
def values_of(mapping: _MaybeDict) -> list[GoValue]:
    """The values, in the order of their keys."""
    return [value for _, value in sorted_items(mapping)] if mapping else []


@TABLE.function("pick", params=(MAP,), variadic=STRING, result=MAP)
def pick(mapping: _MaybeDict, *wanted: str) -> _Dict:
    """A new dictionary with these keys only."""
    return {key: mapping[key] for key in wanted if key in mapping} if mapping else {}


@TABLE.function("omit", params=(MAP,), variadic=STRING, result=MAP)
def omit(mapping: _MaybeDict, *unwanted: str) -> _Dict:
    """A new dictionary without these keys."""
    return {key: value for key, value in mapping.items() if key not in unwanted} if mapping else {}


@TABLE.function("dig", variadic=ANY)
def dig(*arguments: GoValue) -> GoValue:
    """Walks down keys; the last two arguments are the default for a missing key and the dictionary."""
    if len(arguments) < 3:
        raise FunctionError("dig needs at least three arguments")
    *path, default, mapping = arguments
    current = _asserted(mapping, MAP)
    names = [_asserted(name, STRING) for name in path]
    for name in names[:-1]:
        if name not in current:
            return default
        current = _asserted(current[name], MAP)
    return current.get(names[-1], default)


def _asserted(value: GoValue, wanted: str) -> Any:
    """Go's type assertion `value.(wanted)`: named types are other types."""
    found = type_name(value)
    if found != wanted:
        shown = "nil" if value is None else found
        raise FunctionError(f"interface conversion: interface {{}} is {shown}, not {wanted}")
    return value


@TABLE.function("merge", "mustMerge", params=(MAP,), variadic=MAP)
def merge(target: _MaybeDict, *sources: _MaybeDict) -> _Dict:
    """Fills this very dictionary from the sources: what it has and is not empty stays, the first source wins."""
    return _merge_all(target, sources, overwrite=False)


@TABLE.function("mergeOverwrite", "mustMergeOverwrite", params=(MAP,), variadic=MAP)
def merge_overwrite(target: _MaybeDict, *sources: _MaybeDict) -> _Dict:
    """Overwrites this very dictionary from the sources, also with nil and empty values; the last source wins."""
    return _merge_all(target, sources, overwrite=True)


def _merge_all(target: _MaybeDict, sources: tuple[_MaybeDict, ...], *, overwrite: bool) -> _Dict:
    merged: _Dict = NilMap() if target is None else target
    for source in sources:
        if source is None or type(source) is NilMap:
            continue
        if type(merged) is NilMap:
            merged = {}
        _merge_into(merged, source, overwrite)
    return merged


def _merge_into(target: _Dict, source: _Dict, overwrite: bool) -> None:
    for key, value in list(source.items()):
        if value is None:
            if overwrite:
                _put(target, source, key, value)
            continue
        current = dict.get(target, key)
        if isinstance(value, dict) and isinstance(current, dict):
            if type(current) is not NilMap:
                _merge_into(current, value, overwrite)
            if current:
                continue
        elif current and not overwrite:
            continue
        _put(target, source, key, value)


def _put(target: _Dict, source: _Dict, key: str, value: GoValue) -> None:
    if type(target) is StringMap and type(source) is not StringMap:
        kind = type_name(value) if isinstance(value, list) else INTERFACE
        raise FunctionError(f"reflect.Value.SetMapIndex: value of type {kind} is not assignable to type string")
    target[key] = value


@TABLE.function("deepCopy", "mustDeepCopy", params=(ANY,))
def deep_copy(value: GoValue) -> GoValue:
    """A copy down to the leaves, types kept; of structs only what they export."""
    if value is None:
        raise FunctionError("reflect: call of reflect.Value.Type on zero Value")
    return _copied(value)


def _copied(value: GoValue) -> GoValue:
    if isinstance(value, dict):
        return type(value)({key: _copied(item) for key, item in value.items()})
    if isinstance(value, list):
        return type(value)([_copied(item) for item in value])
    return value.deep_copy() if isinstance(value, GoStruct) else value
