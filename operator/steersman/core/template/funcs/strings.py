"""String functions: cutting, trimming, searching, splitting, joining, quoting, indenting.

Sprig's, most of them Go's `strings` with the arguments turned round. Lengths and positions are bytes, so a cut may
split a character; texts in ASCII take the short way. Case conversion is in `text_case`, goutils' part in `wrapping`.
"""

from __future__ import annotations

from steersman.core.golang.cast import strval
from steersman.core.golang.format import sprint_one
from steersman.core.golang.numbers import MAX_INT64
from steersman.core.golang.quote import quote
from steersman.core.golang.runes import SPACE
from steersman.core.golang.types import (
    GoValue,
    StringList,
    StringMap,
    Uint8,
    byte_length,
    from_bytes,
    has_broken_bytes,
    joined,
    to_bytes,
)
from steersman.core.template.funcs.registry import (
    ANY,
    BOOL,
    INT,
    STRING,
    STRING_LIST,
    STRING_MAP,
    FunctionError,
    FunctionTable,
)

TABLE = FunctionTable()

_MAX_ALLOCATION = 2**48
"""What Go can address."""


@TABLE.function("hello", result=STRING)
def hello() -> str:
    """Sprig's greeting."""
    return "Hello!"


@TABLE.function("trim", params=(STRING,), result=STRING)
def trim(text: str) -> str:
    """Without white space at both ends."""
    return text.strip(SPACE)


@TABLE.function("trimAll", "trimall", params=(STRING, STRING), result=STRING)
def trim_all(characters: str, text: str) -> str:
    """Without any of the characters at both ends."""
    return text.strip(characters)


@TABLE.function("trimSuffix", params=(STRING, STRING), result=STRING)
def trim_suffix(suffix: str, text: str) -> str:
    """Without the suffix, once."""
    if has_broken_bytes(suffix):
        return from_bytes(to_bytes(text).removesuffix(to_bytes(suffix)))
    return text.removesuffix(suffix)


@TABLE.function("trimPrefix", params=(STRING, STRING), result=STRING)
def trim_prefix(prefix: str, text: str) -> str:
    """Without the prefix, once."""
    if has_broken_bytes(prefix):
        return from_bytes(to_bytes(text).removeprefix(to_bytes(prefix)))
    return text.removeprefix(prefix)


@TABLE.function("trunc", params=(INT, STRING), result=STRING)
def trunc(count: int, text: str) -> str:
    """The first `count` bytes, or the last `-count`."""
    if text.isascii():
        return text[:count] if count >= 0 else text[count:]
    data = to_bytes(text)
    return from_bytes(data[:count] if count >= 0 else data[count:])


@TABLE.function("substr", params=(INT, INT, STRING), result=STRING)
def substr(start: int, end: int, text: str) -> str:
    """Bytes from `start` to `end`; a negative start means from the beginning, an end out of range means to the end."""
    data = to_bytes(text)
    size = len(data)
    if start < 0:
        if not 0 <= end <= size:
            bounds = f"[:{end}] with length {size}" if end > size else f"[:{end}]"
            raise FunctionError(f"runtime error: slice bounds out of range {bounds}")
        return from_bytes(data[:end])
    if end < 0 or end > size:
        end = size
    if start > end:
        raise FunctionError(f"runtime error: slice bounds out of range [{start}:{end}]")
    return from_bytes(data[start:end])


@TABLE.function("repeat", params=(INT, STRING), result=STRING)
def repeat(count: int, text: str) -> str:
    """The text `count` times."""
    _check_count(count, byte_length(text))
    return joined(text * count)


def _check_count(count: int, width: int) -> None:
    """What strings.Repeat asks of its arguments."""
    if count < 0:
        raise FunctionError("strings: negative Repeat count")
    if count * width > MAX_INT64:
        raise FunctionError("strings: Repeat output length overflow")
    if count * width > _MAX_ALLOCATION:
        raise FunctionError("runtime error: makeslice: len out of range")


@TABLE.function("contains", params=(STRING, STRING), result=BOOL)
def contains(part: str, text: str) -> bool:
    """Whether the text holds the part."""
    return to_bytes(part) in to_bytes(text) if has_broken_bytes(part) else part in text


@TABLE.function("hasPrefix", params=(STRING, STRING), result=BOOL)
def has_prefix(prefix: str, text: str) -> bool:
    """Whether the text starts with the prefix."""
    return to_bytes(text).startswith(to_bytes(prefix)) if has_broken_bytes(prefix) else text.startswith(prefix)


@TABLE.function("hasSuffix", params=(STRING, STRING), result=BOOL)
def has_suffix(suffix: str, text: str) -> bool:
    """Whether the text ends with the suffix."""
    return to_bytes(text).endswith(to_bytes(suffix)) if has_broken_bytes(suffix) else text.endswith(suffix)


@TABLE.function("replace", params=(STRING, STRING, STRING), result=STRING)
def replace(old: str, new: str, text: str) -> str:
    """Every `old` replaced; an empty `old` is found around each character."""
    if has_broken_bytes(old):
        return from_bytes(to_bytes(text).replace(to_bytes(old), to_bytes(new)))
    return joined(text.replace(old, new))


@TABLE.function("indent", params=(INT, STRING), result=STRING)
def indent(count: int, text: str) -> str:
    """Each line moved in by `count` blanks, empty lines too."""
    _check_count(count, 1)
    pad = " " * count
    return pad + text.replace("\n", "\n" + pad)


@TABLE.function("nindent", params=(INT, STRING), result=STRING)
def nindent(count: int, text: str) -> str:
    """`indent` after a newline."""
    _check_count(count, 1)
    pad = "\n" + " " * count
    return pad + text.replace("\n", pad)


@TABLE.function("plural", params=(STRING, STRING, INT), result=STRING)
def plural(one: str, many: str, count: int) -> str:
    """`one` for a count of 1, else `many`."""
    return one if count == 1 else many


@TABLE.function("quote", variadic=ANY, result=STRING)
def quote_all(*values: GoValue) -> str:
    """Each value as text in double quotes, joined by blanks; nils are left out."""
    return " ".join([quote(value if type(value) is str else strval(value)) for value in values if value is not None])


@TABLE.function("squote", variadic=ANY, result=STRING)
def squote(*values: GoValue) -> str:
    """Each value as printed, in single quotes, nothing escaped; nils are left out."""
    return " ".join([f"'{sprint_one(value)}'" for value in values if value is not None])


@TABLE.function("cat", variadic=ANY, result=STRING)
def cat(*values: GoValue) -> str:
    """The values as printed, joined by blanks; nils are left out."""
    return " ".join([sprint_one(value) for value in values if value is not None])


@TABLE.function("toString", params=(ANY,), result=STRING)
def to_string(value: GoValue) -> str:
    """The value as text."""
    return strval(value)


@TABLE.function("toStrings", params=(ANY,), result=STRING_LIST)
def to_strings(value: GoValue) -> StringList:
    """The items of a list as texts, nils left out; of anything else, a list of its text."""
    if isinstance(value, StringList):
        return value
    if isinstance(value, list):
        return StringList([item if type(item) is str else strval(item) for item in value if item is not None])
    if isinstance(value, bytes):
        return StringList([str(Uint8(byte)) for byte in value])
    return StringList() if value is None else StringList([strval(value)])


@TABLE.function("join", params=(STRING, ANY), result=STRING)
def join(separator: str, value: GoValue) -> str:
    """The texts of `toStrings`, joined."""
    return joined(separator.join(to_strings(value)))


@TABLE.function("splitList", params=(STRING, STRING), result=STRING_LIST)
def split_list(separator: str, text: str) -> StringList:
    """The parts between separators; an empty separator splits into characters."""
    return StringList(text.split(separator) if separator else text)


@TABLE.function("split", params=(STRING, STRING), result=STRING_MAP)
def split(separator: str, text: str) -> StringMap:
    """The parts between separators under the keys `_0`, `_1`…"""
    return _numbered(split_list(separator, text))


@TABLE.function("splitn", params=(STRING, INT, STRING), result=STRING_MAP)
def splitn(separator: str, count: int, text: str) -> StringMap:
    """`split` into at most `count` parts: the last keeps the rest. Negative: no limit, 0: nothing."""
    if count < 0:
        return split(separator, text)
    if count == 0:
        return StringMap()
    if separator:
        return _numbered(text.split(separator, count - 1))
    rest = text[count - 1 :]
    return _numbered([*text[: count - 1], *([rest] if rest else [])])


def _numbered(parts: list[str]) -> StringMap:
    return StringMap({f"_{index}": part for index, part in enumerate(parts)})
