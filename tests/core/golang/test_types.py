"""The carriers themselves: what generated code relies on when it reads fields with `[name]` and `get`."""

from __future__ import annotations

from typing import ClassVar

import pytest

from steersman.core.golang.types import Duration, GoStruct, NamedMap, StringMap, byte_length, from_bytes, to_bytes


class Thing(GoStruct):
    go_type: ClassVar[str] = "x.Thing"
    go_fields: ClassVar[tuple[str, ...]] = ("Name",)
    go_methods: ClassVar[dict[str, str]] = {"Loud": "loud"}

    def __init__(self) -> None:
        self.Name = "a"
        self.secret = "b"

    def loud(self) -> str:
        return self.Name.upper()


class Files(NamedMap):
    go_zero: ClassVar[bytes] = b""
    go_methods: ClassVar[dict[str, str]] = {"Count": "count"}

    def count(self) -> int:
        return len(self)


def test_a_struct_gives_fields_and_methods_and_nothing_else() -> None:
    thing = Thing()
    assert (thing["Name"], thing.get("Loud")) == ("a", "A")
    for name in ("secret", "loud", "__class__"):
        with pytest.raises(KeyError):
            thing[name]


def test_a_named_map_has_methods_before_keys_and_a_zero() -> None:
    files = Files({"a": b"x", "Count": b"y"})
    assert (files.get("Count"), files.get("a"), files.get("b")) == (2, b"x", b"")


def test_a_missing_key_of_a_string_map_is_the_empty_string() -> None:
    assert StringMap({"a": "b"}).get("c") == ""


def test_duration_methods() -> None:
    duration = Duration(-5_400_000_000_000)
    assert (duration.hours(), duration.minutes(), duration.seconds()) == (-1.5, -90.0, -5400.0)
    assert Duration(-1_999_999).milliseconds() == -1


def test_bytes_that_are_no_text_survive() -> None:
    assert to_bytes(from_bytes(b"a\xff\xc3")) == b"a\xff\xc3"
    assert byte_length("é") == 2
