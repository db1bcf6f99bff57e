"""List functions of Sprig. None changes its argument, but `sortAlpha`, which sorts a []string where it lies.

Most come twice: the plain name panics where the `must` name returns an error; a template sees the same text either way.
"""

from __future__ import annotations

import math

from steersman.core.golang.cast import strval, to_int64
from steersman.core.golang.compare import deep_equal
from steersman.core.golang.kinds import kind_name
from steersman.core.golang.types import GoValue, NestedList, NilList, StringList, Uint8, to_bytes
from steersman.core.template.funcs.registry import (
    ANY,
    BOOL,
    INT,
    LIST,
    STRING_LIST,
    FunctionError,
    FunctionTable,
)
from steersman.core.template.funcs.strings import to_strings

TABLE = FunctionTable()

_NESTED = "[][]interface {}"
_NIL_DEREFERENCE = "runtime error: invalid memory address or nil pointer dereference"


def items_of(value: GoValue, failure: str) -> list[GoValue]:
    """The items of a list. Anything else fails with `failure` and its kind, nil with Go's panic."""
    if isinstance(value, list):
        return value
    if isinstance(value, bytes):
        return [Uint8(byte) for byte in value]
    if value is None:
        raise FunctionError(_NIL_DEREFERENCE)
    raise FunctionError(f"{failure} {kind_name(value)}")


@TABLE.function("list", "tuple", variadic=ANY, result=LIST)
def make_list(*values: GoValue) -> list[GoValue]:
    """The arguments."""
    return list(values)


@TABLE.function("append", "push", "mustAppend", "mustPush", params=(ANY, ANY), result=LIST)
def append(values: GoValue, value: GoValue) -> list[GoValue]:
    """The list with one more item at the end."""
    return [*items_of(values, "Cannot push on type"), value]


@TABLE.function("prepend", "mustPrepend", params=(ANY, ANY), result=LIST)
def prepend(values: GoValue, value: GoValue) -> list[GoValue]:
    """The list with one more item in front."""
    return [value, *items_of(values, "Cannot prepend on type")]


@TABLE.function("first", "mustFirst", params=(ANY,))
def first(values: GoValue) -> GoValue:
    """The first item, nil of an empty list."""
    items = items_of(values, "Cannot find first on type")
    return items[0] if items else None


@TABLE.function("last", "mustLast", params=(ANY,))
def last(values: GoValue) -> GoValue:
    """The last item, nil of an empty list."""
    items = items_of(values, "Cannot find last on type")
    return items[-1] if items else None


@TABLE.function("rest", "mustRest", params=(ANY,), result=LIST)
def rest(values: GoValue) -> list[GoValue]:
    """All but the first item; a nil list of an empty one."""
    items = items_of(values, "Cannot find rest on type")
    return list(items[1:]) if items else NilList()


@TABLE.function("initial", "mustInitial", params=(ANY,), result=LIST)
def initial(values: GoValue) -> list[GoValue]:
    """All but the last item; a nil list of an empty one."""
    items = items_of(values, "Cannot find initial on type")
    return list(items[:-1]) if items else NilList()


@TABLE.function("reverse", "mustReverse", params=(ANY,), result=LIST)
def reverse(values: GoValue) -> list[GoValue]:
    """The items from last to first."""
    return list(reversed(items_of(values, "Cannot find reverse on type")))


@TABLE.function("compact", "mustCompact", params=(ANY,), result=LIST)
def compact(values: GoValue) -> list[GoValue]:
    """Without the empty items."""
    return [item for item in items_of(values, "Cannot compact on type") if item]


@TABLE.function("uniq", "mustUniq", params=(ANY,), result=LIST)
def uniq(values: GoValue) -> list[GoValue]:
    """Each item once, types told apart: 1 and 1.0 stay both."""
    items = items_of(values, "Cannot find uniq on type")
    if all(type(item) is str for item in items):
        return list(dict.fromkeys(items))
    found: list[GoValue] = []
    for item in items:
        if not _holds(found, item):
            found.append(item)
    return found


@TABLE.function("without", "mustWithout", params=(ANY,), variadic=ANY, result=LIST)
def without(values: GoValue, *unwanted: GoValue) -> list[GoValue]:
    """The list without the items named."""
    items = items_of(values, "Cannot find without on type")
    return [item for item in items if not _holds(unwanted, item)]


@TABLE.function("has", "mustHas", params=(ANY, ANY), result=BOOL)
def has(needle: GoValue, values: GoValue) -> bool:
    """Whether the list holds the item, types told apart; false of nil."""
    return values is not None and _holds(items_of(values, "Cannot find has on type"), needle)


def _holds(items: list[GoValue] | tuple[GoValue, ...], needle: GoValue) -> bool:
    if type(needle) is str:
        return needle in items
    return any(deep_equal(needle, item) for item in items)


@TABLE.function("slice", "mustSlice", params=(ANY,), variadic=ANY)
def slice_list(values: GoValue, *indices: GoValue) -> GoValue:
    """Items from the first index up to the second; nil of an empty list."""
    items = items_of(values, "list should be type of slice or array but")
    if not items:
        return None
    start = to_int64(indices[0]) if indices else 0
    end = to_int64(indices[1]) if len(indices) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise FunctionError("reflect.Value.Slice: slice index out of bounds")
    return bytes(items[start:end]) if isinstance(values, bytes) else type(values)(items[start:end])


@TABLE.function("concat", variadic=ANY)
def concat(*lists: GoValue) -> list[GoValue]:
    """The items of all lists; a nil list when there are none."""
    joined: list[GoValue] = []
    for values in lists:
        if not isinstance(values, list | bytes) and values is not None:
            raise FunctionError(f"Cannot concat type {kind_name(values)} as list")
        joined += items_of(values, "")
    return joined or NilList()


@TABLE.function("chunk", "mustChunk", params=(INT, ANY), result=_NESTED)
def chunk(size: int, values: GoValue) -> NestedList:
    """The items in lists of `size`, the last one shorter."""
    items = items_of(values, "Cannot chunk type")
    if size < 1:
        return _chunk_oddly(size, items)
    return NestedList([list(items[start : start + size]) for start in range(0, len(items), size)])


def _chunk_oddly(size: int, items: list[GoValue]) -> NestedList:
    """Sprig computes the number of chunks in floats: a size below 1 gives none, one of a single item, or a panic."""
    if size < -1 and len(items) == 1:
        return NestedList([list(items)])
    if size == 0 or not items or math.floor((len(items) - 1) / size) != -1:
        raise FunctionError("runtime error: makeslice: len out of range")
    return NestedList()


@TABLE.function("sortAlpha", params=(ANY,), result=STRING_LIST)
def sort_alpha(values: GoValue) -> StringList:
    """The items as texts in the order of their bytes; of anything but a list, a list of its text."""
    if not isinstance(values, list | bytes):
        return StringList([strval(values)])
    texts = to_strings(values)
    texts.sort(key=None if all(map(str.isascii, texts)) else to_bytes)
    return texts
