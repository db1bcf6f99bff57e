"""Names of types and kinds, and what may be assigned to what."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from steersman.core.golang.kinds import can_be_nil, element_type, is_assignable, is_nil, kind_name, type_name
from steersman.core.golang.types import (
    Duration,
    GoStruct,
    Int64,
    IntList,
    NamedList,
    NamedMap,
    NestedList,
    NilList,
    NilStringList,
    StringList,
    StringMap,
    Uint8,
    Values,
)


class Files(NamedMap):
    go_type: ClassVar[str] = "engine.files"
    go_element: ClassVar[str] = "[]uint8"


class VersionSet(NamedList):
    go_type: ClassVar[str] = "common.VersionSet"
    go_element: ClassVar[str] = "string"


class Pointer(GoStruct):
    go_type: ClassVar[str] = "*semver.Version"


class Struct(GoStruct):
    go_type: ClassVar[str] = "time.Time"


@pytest.mark.parametrize(
    ("value", "name", "kind", "element"),
    [
        (None, "<nil>", "invalid", "<nil>"),
        (True, "bool", "bool", "bool"),
        (1, "int", "int", "int"),
        (Int64(1), "int64", "int64", "int64"),
        (Uint8(1), "uint8", "uint8", "uint8"),
        (1.0, "float64", "float64", "float64"),
        (1j, "complex128", "complex128", "complex128"),
        ("a", "string", "string", "uint8"),
        (b"", "[]uint8", "slice", "uint8"),
        ([], "[]interface {}", "slice", "interface {}"),
        (NilList(), "[]interface {}", "slice", "interface {}"),
        (StringList(), "[]string", "slice", "string"),
        (IntList(), "[]int", "slice", "int"),
        (NestedList(), "[][]interface {}", "slice", "[]interface {}"),
        ({}, "map[string]interface {}", "map", "interface {}"),
        (StringMap(), "map[string]string", "map", "string"),
        (Values(), "common.Values", "map", "interface {}"),
        (Files(), "engine.files", "map", "[]uint8"),
        (VersionSet(), "common.VersionSet", "slice", "string"),
        (Duration(1), "time.Duration", "int64", "time.Duration"),
        (Pointer(), "*semver.Version", "ptr", "*semver.Version"),
        (Struct(), "time.Time", "struct", "time.Time"),
    ],
)
def test_names(value: Any, name: str, kind: str, element: str) -> None:
    assert (type_name(value), kind_name(value), element_type(value)) == (name, kind, element)


@pytest.mark.parametrize(
    ("value", "static_type", "possible"),
    [
        ("a", "string", True),
        ("a", "interface {}", True),
        (1, "int64", False),
        (True, "int", False),
        (Values(), "map[string]interface {}", True),
        (StringMap(), "map[string]interface {}", False),
        (Files(), "map[string]interface {}", False),
        ({}, "common.Values", False),
        (VersionSet(), "[]string", True),
        (StringList(), "[]interface {}", False),
        (NilList(), "[]interface {}", True),
        (b"", "[]uint8", True),
        (Duration(1), "int64", False),
    ],
)
def test_assignable(value: Any, static_type: str, possible: bool) -> None:
    assert is_assignable(value, static_type) is possible


@pytest.mark.parametrize("value", [None, NilList(), NilStringList()])
def test_nil(value: Any) -> None:
    assert is_nil(value)


@pytest.mark.parametrize("value", [[], {}, "", 0, False])
def test_empty_is_not_nil(value: Any) -> None:
    assert not is_nil(value)


def test_which_types_take_nil() -> None:
    types = ["interface {}", "map[string]interface {}", "[]string", "*semver.Version", "string", "int", "time.Time"]
    assert [name for name in types if can_be_nil(name)] == types[:4]
