"""Comparison as templates have it, and DeepEqual."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from steersman.core.golang.compare import ComparisonError, deep_equal, equal, less, less_or_equal
from steersman.core.golang.types import GoStruct, Int64, NilList, StringList, Uint8


class Moment(GoStruct):
    go_type: ClassVar[str] = "time.Time"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moment) and other.seconds == self.seconds

    def __hash__(self) -> int:
        return hash(self.seconds)


class Version(GoStruct):
    go_type: ClassVar[str] = "*semver.Version"


_VERSION = Version()


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        (1, 1, True),
        (1, Int64(1), True),
        (97, Uint8(97), True),
        (-1, Uint8(255), False),
        (1.5, 1.5, True),
        ("a", "b", False),
        (True, True, True),
        (None, None, True),
        (None, 1, False),
        ({}, None, False),
        ([], None, False),
        (NilList(), None, True),
        (Moment(1), Moment(1), True),
        (Moment(1), Moment(2), False),
        (_VERSION, _VERSION, True),
        (_VERSION, Version(), False),
        (1 + 2j, 1 + 2j, True),
        (float("nan"), float("nan"), False),
    ],
)
def test_equal(left: Any, right: Any, wanted: bool) -> None:
    assert equal(left, right) is wanted


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        (1.0, 1, "incompatible types for comparison: float64 and int"),
        (True, 1, "incompatible types for comparison: bool and int"),
        ("1", [], "incompatible types for comparison: string and []interface {}"),
        ([1.0], [1.0], "non-comparable type [%!s(float64=1)]: []interface {}"),
        ({"a": 1}, [1], "non-comparable types map[a:%!s(int=1)]: map[string]interface {}, []interface {}: [1]"),
    ],
)
def test_what_cannot_be_compared(left: Any, right: Any, text: str) -> None:
    with pytest.raises(ComparisonError) as caught:
        equal(left, right)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [(1, 2, True), (2, 2, False), (-1, Uint8(1), True), (1.5, 2.5, True), ("Z", "a", True), ("é", "z", False),
     ("\udcff", "😀", False)],
)  # fmt: skip
def test_less(left: Any, right: Any, wanted: bool) -> None:
    assert less(left, right) is wanted


@pytest.mark.parametrize(("left", "right"), [(True, False), (None, 1), ([], []), (1j, 1j)])
def test_what_has_no_order(left: Any, right: Any) -> None:
    with pytest.raises(ComparisonError, match="invalid type for comparison"):
        less_or_equal(left, right)


def test_less_or_equal() -> None:
    assert less_or_equal(2, 2)
    assert not less_or_equal(3, 2)


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        (1, 1, True),
        (1, 1.0, False),
        (1, Int64(1), False),
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": None}, {"b": None}, False),
        ([], NilList(), False),
        (["a"], StringList(["a"]), False),
        (None, None, True),
        ([True], [1], False),
    ],
)
def test_deep_equal(left: Any, right: Any, wanted: bool) -> None:
    assert deep_equal(left, right) is wanted
