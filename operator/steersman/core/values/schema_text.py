"""What is said about values that do not fit a schema: complaints, and how they are written.

Called by `schema_walk`, which finds them, and by `schema` and `schema_document`, which print them. The words are those
of Helm's library (santhosh-tekuri/jsonschema).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import isinf
from typing import Any, TypeAlias

from steersman.core.golang.numbers import format_float
from steersman.core.golang.quote import quote

Path: TypeAlias = tuple[str, ...]

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class WrittenNumber(Decimal):
    """A number of a schema that is no plain integer; printed as it was written."""

    written: str

    def __new__(cls, text: str) -> WrittenNumber:
        number = super().__new__(cls, text)
        number.written = text
        return number


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong in one place; `group` marks several complaints about it that need no heading at the top."""

    path: Path
    text: str
    causes: tuple[Complaint, ...] = ()
    group: bool = False


def place(path: Iterable[str | int]) -> str:
    """A path as the JSON pointer shown to people: `'/a/0'`."""
    return quoted("".join(f"/{pointer_part(str(part))}" for part in path))


def pointer_part(key: str) -> str:
    """A key as it stands in a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def pointer_key(part: str) -> str:
    """The key that a part of a JSON pointer means."""
    return part.replace("~1", "/").replace("~0", "~")


def quoted(text: str) -> str:
    """In single quotes, escaped as Go does."""
    # In this order: the backslash at the end of a text loses its own one, as in Helm's library.
    escaped = quote(text).replace('\\"', '"').replace("'", "\\'")
    return f"'{escaped[1:-1]}'"


def lines(found: Complaint) -> Iterator[str]:
    """The tree as text, a line a complaint."""
    return _lines(found.causes if found.group else (found,), 0)


def _lines(complaints: Iterable[Complaint], depth: int) -> Iterator[str]:
    for complaint in complaints:
        yield f"{'  ' * depth}- at {place(complaint.path)}: {complaint.text}\n"
        yield from _lines(complaint.causes, depth + 1)


def must_be(wanted: list[Any], keyword: str) -> str:
    """What `enum` and `const` say: the values they allow, as long as those are scalars."""
    if any(isinstance(item, dict | list) for item in wanted):
        return f"'{keyword}' failed"
    shown = ", ".join(map(_display, wanted))
    return f"value must be {shown}" if len(wanted) == 1 else f"value must be one of {shown}"


def _display(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "<nil>"
    if isinstance(value, WrittenNumber):
        return value.written
    return str(value).lower() if isinstance(value, bool) else str(value)


def listed(names: Iterable[str]) -> str:
    """Names in quotes, with commas."""
    return ", ".join(map(quoted, names))


def number_text(value: float) -> str:
    """A number in the English form of Go's message printer: `123,456.5`, `1.5×10⁰⁶`, `∞`."""
    if isinf(value):
        return "∞" if value > 0 else "-∞"
    mantissa, _, exponent = format_float(float(value)).partition("e")
    if exponent:
        return f"{mantissa}×10{exponent.lstrip('+').translate(_SUPERSCRIPTS)}"
    whole, dot, fraction = mantissa.partition(".")
    return f"{int(whole):,}{dot}{fraction}" if whole not in ("-0", "0") else mantissa
