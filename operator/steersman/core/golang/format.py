"""Go's fmt: Sprint, Sprintln, Sprintf, and what `{{ . }}` prints.

Used by the template runtime (`print`, `printf`, `println`, every printed value), by sprig's toString, quote, cat… and
by error texts. Containers and formats are walked here; scalars under a verb are in `verbs.py`. Rules: `fmt/print.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from steersman.core.golang.kinds import is_pointer, type_name
from steersman.core.golang.numbers import format_float
from steersman.core.golang.types import (
    GoStruct,
    GoValue,
    Int64,
    NilList,
    NilMap,
    NilStringList,
    Uint8,
    Uint64,
    joined,
    to_bytes,
)
from steersman.core.golang.verbs import (
    Flags,
    format_bool,
    format_bytes,
    format_complex,
    format_float_value,
    format_integer,
    format_string,
)

_TOO_LARGE: Final = 1_000_000
_FLAGS: Final = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}
_SIMPLE_FORMAT: Final = re.compile(r"(?:[^%]|%[svd%])*", re.DOTALL)
_SIMPLE_VERB: Final = re.compile(r"%([svd%])")
_STRINGABLE: Final = "vsxXq"
_ADDRESS_VERBS: Final = "vpbodxX"
_BYTES_VERBS: Final = "vdsqxX"
_BYTES: Final = tuple(str(byte) for byte in range(256))
_POINTER: Final = "0xc00000000000"
"""Stands for an address, which no two runs of Go share either."""
_EMPTY_LIST_POINTER: Final = "0x27a2d40"
"""Go gives all empty slices one address, fixed when the program is built; this is that of the conformance vectors."""


def display(value: GoValue) -> str:
    """What `{{ value }}` writes: nil is `<no value>`, pointers print as what they point to."""
    if value is None:
        return "<no value>"
    if isinstance(value, GoStruct):
        if "String" in value.go_methods:
            return str(value["String"])
        return _Printer(Flags()).braces(value, "v", 0)
    return sprint_one(value)


def shown_argument(value: GoValue) -> str:
    """What builtins and error texts of text/template show of a value: they look behind pointers, but hold a copy of a
    struct, which has no methods of its pointer."""
    return display(value) if is_pointer(value) else sprint_one(value)


def sprint_one(value: GoValue) -> str:
    """fmt.Sprint(value): the `%v` form; nil is `<nil>`."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is int or kind is Int64:
        return str(int(value))
    if kind is float:
        return format_float(value)
    if kind is bool:
        return "true" if value else "false"
    return _Printer(Flags()).argument(value, "v")


def sprint(values: Sequence[GoValue], show: Callable[[GoValue], str] = sprint_one) -> str:
    """fmt.Sprint: a blank between two operands when neither is a string. `show` writes one of them."""
    parts: list[str] = []
    after_string = True
    for value in values:
        is_string = type(value) is str
        if not is_string and not after_string:
            parts.append(" ")
        parts.append(show(value))
        after_string = is_string
    return joined("".join(parts))


def sprintln(values: Sequence[GoValue]) -> str:
    """fmt.Sprintln: blanks between all operands, a newline at the end."""
    return " ".join([sprint_one(value) for value in values]) + "\n"


def sprintf(template: str, values: Sequence[GoValue]) -> str:
    """fmt.Sprintf."""
    plan = _simple_plan(template)
    if plan is not None and len(plan[1]) == len(values):
        literals, verbs = plan
        parts = [literals[0]]
        for verb, value, literal in zip(verbs, values, literals[1:], strict=True):
            if type(value) is str and verb != "d":
                parts.append(value)
            else:
                parts.append(sprint_one(value) if verb == "v" else _Printer(Flags()).argument(value, verb))
            parts.append(literal)
        return joined("".join(parts))
    return _Formatter(template, values).run()


@lru_cache(maxsize=1024)
def _simple_plan(template: str) -> tuple[list[str], list[str]] | None:
    """Literals and verbs of a format of `%s`, `%v`, `%d` and `%%` without flags, which nearly all are."""
    if not _SIMPLE_FORMAT.fullmatch(template):
        return None
    literals, verbs = [""], []
    for index, part in enumerate(_SIMPLE_VERB.split(template)):
        if index % 2 == 0:
            literals[-1] += part
        elif part == "%":
            literals[-1] += "%"
        else:
            verbs.append(part)
            literals.append("")
    return literals, verbs


class _Printer:
    """Prints one argument under one verb. `erroring` is set inside `%!verb(type=…)`, where String() is not asked."""

    __slots__ = ("erroring", "flags")

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.erroring = False

    def argument(self, value: GoValue, verb: str) -> str:
        """printArg."""
        if value is None:
            return self.flags.pad("<nil>") if verb in "Tv" else f"%!{verb}(<nil>)"
        if verb == "T":
            return format_string(type_name(value), "s", self.flags) or ""
        if verb == "p":
            return self._address(value)
        if type(value) is bytes and verb in _BYTES_VERBS:
            return self._or_bad(format_bytes(value, verb, self.flags, "[]byte"), value, verb)
        return self.value(value, verb, 0)

    def _address(self, value: GoValue) -> str:
        if isinstance(value, list | bytes) and not value:
            return _EMPTY_LIST_POINTER
        return _POINTER if isinstance(value, dict | list | bytes) or is_pointer(value) else self.bad(value, "p")

    def value(self, value: GoValue, verb: str, depth: int) -> str:
        """printValue."""
        text: str | None
        if type(value) is str:
            text = format_string(value, verb, self.flags)
        elif type(value) is bool:
            text = format_bool(value, self.flags) if verb in "tv" else None
        elif isinstance(value, int):
            text = self._integer(value, verb)
        elif isinstance(value, float):
            text = format_float_value(value, verb, self.flags)
        elif value is None:
            return self._nil()
        elif verb == "w" and isinstance(value, dict | list | GoStruct):
            return self.bad(value, verb)  # it is for errors, which no value is
        elif isinstance(value, dict):
            return self._map(value, verb, depth)
        elif isinstance(value, list):
            return self._list(value, verb, depth)
        elif isinstance(value, GoStruct):
            return self._struct_or_text(value, verb, depth)
        elif isinstance(value, bytes):
            text = self._nested_bytes(value, verb)
        else:
            text = format_complex(value, verb, self.flags)
        return self._or_bad(text, value, verb)

    def _or_bad(self, text: str | None, value: GoValue, verb: str) -> str:
        return self.bad(value, verb) if text is None else text

    def bad(self, value: GoValue, verb: str) -> str:
        """badVerb: the verb does not fit, so type and value are shown."""
        self.erroring = True
        shown = self.argument(value, "v")
        self.erroring = False
        return f"%!{verb}({type_name(value)}={shown})"

    def _nil(self) -> str:
        return "interface {}(nil)" if self.flags.sharp_v else "<nil>"

    def _integer(self, value: int, verb: str) -> str | None:
        methods = getattr(value, "go_methods", None)
        if methods and "String" in methods and not self.flags.sharp_v and verb in _STRINGABLE and not self.erroring:
            return format_string(getattr(value, methods["String"])(), verb, self.flags)
        return format_integer(int(value), verb, self.flags, signed=not isinstance(value, Uint8 | Uint64))

    def _nested_bytes(self, value: bytes, verb: str) -> str | None:
        if verb in "sqxX" or self.flags.sharp_v:
            return format_bytes(value, verb, self.flags, "[]uint8")
        if verb == "v" and self.flags == Flags():
            # A context printed as a whole (`printf "%v" .`) shows every file of the chart like this.
            return "[" + " ".join([_BYTES[byte] for byte in value]) + "]"
        return "[" + " ".join([self.value(Uint8(byte), verb, 1) for byte in value]) + "]"

    def _map(self, value: dict[str, GoValue], verb: str, depth: int) -> str:
        items = [
            f"{self.value(key, verb, depth + 1)}:{self.value(item, verb, depth + 1)}"
            for key, item in sorted_items(value)
        ]
        if not self.flags.sharp_v:
            return f"map[{' '.join(items)}]"
        if isinstance(value, NilMap):
            return f"{type_name(value)}(nil)"
        return f"{type_name(value)}{{{', '.join(items)}}}"

    def _list(self, value: list[GoValue], verb: str, depth: int) -> str:
        items = [self.value(item, verb, depth + 1) for item in value]
        if not self.flags.sharp_v:
            return f"[{' '.join(items)}]"
        if isinstance(value, NilList | NilStringList):
            return f"{type_name(value)}(nil)"
        return f"{type_name(value)}{{{', '.join(items)}}}"

    def _struct_or_text(self, value: GoStruct, verb: str, depth: int) -> str:
        text = None if self.erroring else self._own_text(value, verb)
        if text is not None:
            return text
        if not is_pointer(value):
            return self.braces(value, verb, depth)
        if depth == 0:
            return "&" + self.braces(value, verb, depth)
        return _POINTER if verb in _ADDRESS_VERBS else self.bad(value, verb)

    def _own_text(self, value: GoStruct, verb: str) -> str | None:
        """What the struct's own String or GoString says, where the verb asks for it."""
        if self.flags.sharp_v:
            return str(value["GoString"]) if "GoString" in value.go_methods else None
        if verb not in _STRINGABLE or "String" not in value.go_methods or value.go_string_by_address:
            return None
        return self._or_bad(format_string(value["String"], verb, self.flags), value, verb)

    def braces(self, value: GoStruct, verb: str, depth: int) -> str:
        """The fields of a struct in braces."""
        named = self.flags.plus_v or self.flags.sharp_v
        fields = [
            (f"{name}:" if named else "") + self.value(field, verb, depth + 1)
            for name, field in value.printed_fields().items()
        ]
        if self.flags.sharp_v:
            return f"{type_name(value).removeprefix('*')}{{{', '.join(fields)}}}"
        return f"{{{' '.join(fields)}}}"


def sorted_items(value: dict[str, GoValue]) -> list[tuple[str, GoValue]]:
    """Key and value pairs in the order in which Go prints and ranges over a map."""
    items = list(value.items())
    if len(items) > 1:
        items.sort(key=_ascii_key if all(map(str.isascii, value)) else _byte_key)
    return items


def _ascii_key(item: tuple[str, GoValue]) -> str:
    return item[0]


def _byte_key(item: tuple[str, GoValue]) -> bytes:
    return to_bytes(item[0])


class _Formatter:
    """doPrintf: walks a format with flags, widths, `*`, and argument indexes."""

    def __init__(self, template: str, values: Sequence[GoValue]) -> None:
        self.template = template
        self.values = values
        self.position = 0
        self.argument = 0
        self.reordered = False
        self.good_index = True
        self.out: list[str] = []

    def run(self) -> str:
        end = len(self.template)
        while self.position < end:
            start = self.template.find("%", self.position)
            if start < 0:
                self.out.append(self.template[self.position :])
                break
            self.out.append(self.template[self.position : start])
            self.position = start + 1
            if not self._verb():
                break
        if not self.reordered and self.argument < len(self.values):
            self.out.append(self._extra())
        return joined("".join(self.out))

    def _verb(self) -> bool:
        """One `%…verb`; False at the end of the format."""
        self.good_index = True
        flags = Flags()
        while self._peek() in _FLAGS:
            setattr(flags, _FLAGS[self._peek()], True)
            self.position += 1
        after_index = self._index()
        after_index = self._width(flags, after_index)
        after_index = self._precision(flags, after_index)
        if not after_index:
            self._index()
        verb = self._peek()
        if not verb:
            self.out.append("%!(NOVERB)")
            return False
        self.position += 1
        self.out.append(self._formatted(verb, flags))
        return True

    def _formatted(self, verb: str, flags: Flags) -> str:
        if verb == "%":
            return "%"
        if "\udc80" <= verb <= "\udcff":
            verb = "�"
        if not self.good_index:
            return f"%!{verb}(BADINDEX)"
        if self.argument >= len(self.values):
            return f"%!{verb}(MISSING)"
        value = self.values[self.argument]
        self.argument += 1
        if verb in ("v", "w"):
            flags.take_v()
        return _Printer(flags).argument(value, verb)

    def _peek(self) -> str:
        return self.template[self.position : self.position + 1]

    def _width(self, flags: Flags, after_index: bool) -> bool:
        if self._peek() != "*":
            flags.width = self._number()
            if after_index and flags.width is not None:
                self.good_index = False
            return after_index
        self.position += 1
        flags.width = self._star()
        if flags.width is None:
            self.out.append("%!(BADWIDTH)")
        elif flags.width < 0:
            flags.width, flags.minus, flags.zero = -flags.width, True, False
        return False

    def _precision(self, flags: Flags, after_index: bool) -> bool:
        if self._peek() != "." or self.position + 1 >= len(self.template):
            return after_index
        self.position += 1
        if after_index:
            self.good_index = False
        after_index = self._index()
        if self._peek() != "*":
            flags.precision = self._number() or 0
            return after_index
        self.position += 1
        flags.precision = self._star()
        if flags.precision is not None and flags.precision < 0:
            flags.precision = None
        if flags.precision is None:
            self.out.append("%!(BADPREC)")
        return False

    def _number(self) -> int | None:
        start = self.position
        while "0" <= self._peek() <= "9":
            self.position += 1
        if start == self.position:
            return None
        digits = self.template[start : self.position].lstrip("0") or "0"
        if len(digits) > 7 or int(digits) > _TOO_LARGE * 10:
            self.position = len(self.template)
            return None
        return int(digits)

    def _star(self) -> int | None:
        """`*`: the next argument, if it is an integer of a sane size."""
        if self.argument >= len(self.values):
            return None
        value = self.values[self.argument]
        self.argument += 1
        if isinstance(value, int) and type(value) is not bool and abs(value) <= _TOO_LARGE:
            return int(value)
        return None

    def _index(self) -> bool:
        """An explicit `[n]`; True where one was read."""
        if self._peek() != "[":
            return False
        self.reordered = True
        close = self.template.find("]", self.position)
        if close < 0 or len(self.template) - self.position < 3:
            self.position += 1
            self.good_index = False
            return False
        digits = self.template[self.position + 1 : close]
        self.position = close + 1
        if not digits.isascii() or not digits.isdigit() or len(digits) > 7:
            self.good_index = False
            return False
        if 1 <= int(digits) <= len(self.values):
            self.argument = int(digits) - 1
        else:
            self.good_index = False
        return True

    def _extra(self) -> str:
        """Arguments that no verb took."""
        shown = [
            "<nil>" if value is None else f"{type_name(value)}={_Printer(Flags()).argument(value, 'v')}"
            for value in self.values[self.argument :]
        ]
        return f"%!(EXTRA {', '.join(shown)})"
