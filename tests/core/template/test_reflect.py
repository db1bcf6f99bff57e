"""Values that are no plain maps: structs, methods, named maps, and the arguments of methods."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from core.template.support import run

from steersman.core.golang.types import Duration, GoStruct, NamedList, NamedMap, Values
from steersman.core.template.errors import TemplateError
from steersman.core.template.funcs.registry import FunctionError


class Inner(GoStruct):
    go_type: ClassVar[str] = "x.Inner"
    go_fields: ClassVar[tuple[str, ...]] = ("Name",)

    def __init__(self) -> None:
        self.Name = "inner"


class Outer(GoStruct):
    go_type: ClassVar[str] = "*x.Outer"
    go_fields: ClassVar[tuple[str, ...]] = ("Inner", "Names")
    go_methods: ClassVar[dict[str, str]] = {"Join": "join", "Fail": "fail", "Me": "me", "Of": "of", "Half": "half"}

    def __init__(self) -> None:
        self.Inner = Inner()
        self.Names = Names(["a", "b"])

    def join(self, first: str, count: int) -> str:
        return first * count

    def fail(self) -> str:
        raise FunctionError("it broke")

    def me(self) -> Outer:
        return self

    def of(self, inner: Inner) -> str:
        return inner.Name

    def half(self, number: float, yes: bool) -> float:
        return number / 2 if yes else number


class Stamp(Inner):
    """A value whose String method needs its address, which only what is printed has."""

    go_methods: ClassVar[dict[str, str]] = {"String": "text"}
    go_string_by_address: ClassVar[bool] = True

    def text(self) -> str:
        return "stamp"


class Names(NamedList):
    go_type: ClassVar[str] = "x.Names"
    go_element: ClassVar[str] = "string"
    go_methods: ClassVar[dict[str, str]] = {"Has": "has"}

    def has(self, name: str) -> bool:
        return name in self


class Files(NamedMap):
    go_type: ClassVar[str] = "x.Files"
    go_element: ClassVar[str] = "[]uint8"
    go_zero: ClassVar[bytes] = b""
    go_methods: ClassVar[dict[str, str]] = {"Get": "text_of", "All": "everything"}

    def text_of(self, name: str) -> str:
        return str(dict.get(self, name, b"").decode())

    def everything(self) -> str:
        return ",".join(self)


def _data() -> Values:
    return Values(
        o=Outer(), f=Files({"x.txt": b"X", "y": b"Y"}), d=Duration(90_000_000_000), nil=None, v=Values(a=Values(b=1))
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("{{ .o.Inner.Name }}", "inner", id="fields"),
        pytest.param("{{ .o.Me.Me.Inner.Name }}", "inner", id="methods in a chain"),
        pytest.param('{{ .o.Join "ab" 2 }}{{ "ab" | len | .o.Me.Join "c" }}', "ababcc", id="arguments"),
        pytest.param("{{ .o.Join (print `z`) 1e0 }}", "z", id="literals by type"),
        pytest.param("{{ .o.Half 3 true }}", "1.5", id="float and bool"),
        pytest.param("{{ .o.Of .o.Inner }}", "inner", id="struct as argument"),
        pytest.param("{{ .o.Names.Has `a` }}{{ .o.Names.Has `c` }}", "truefalse", id="method of a list"),
        pytest.param("{{ .f.Get `x.txt` }}{{ .f.Get `none` }}{{ .f.All }}", "Xx.txt,y", id="methods of a map"),
        pytest.param("{{ .f.y }}{{ .f.none }}", "[89][]", id="keys of a map"),
        pytest.param("{{ range $k, $v := .f }}{{ $k }}{{ end }}", "x.txty", id="range over a named map"),
        pytest.param("{{ .d.Minutes }}{{ .d }}", "1.51m30s", id="methods of a number"),
        pytest.param("{{ $x := .nil }}[{{ $x.Join `a` 1 }}]", "[]", id="method of an untyped nil"),
        pytest.param("{{ (.v.Table `a`).b }}{{ .v.AsMap | kindOf }}", "1map", id="methods of Values"),
    ],
)
def test_values(text: str, wanted: str) -> None:
    assert run(text, _data()) == wanted


@pytest.mark.parametrize(
    ("text", "place", "node", "message"),
    [
        ("{{ .o.Nope }}", "1:5", ".o.Nope", "can't evaluate field Nope in type interface {}"),
        ("{{ .o.Inner.Nope }}", "1:5", ".o.Inner.Nope", "can't evaluate field Nope in type x.Inner"),
        ("{{ .o.Me.Nope }}", "1:5", ".o.Me.Nope", "can't evaluate field Nope in type *x.Outer"),
        ("{{ .o.join }}", "1:5", ".o.join", "can't evaluate field join in type interface {}"),
        ("{{ .o.__class__ }}", "1:5", ".o.__class__", "can't evaluate field __class__ in type interface {}"),
        ("{{ .o.Join }}", "1:5", ".o.Join", "wrong number of args for Join: want 2 got 0"),
        ("{{ .o.Join `a` }}", "1:5", ".o.Join", "wrong number of args for Join: want 2 got 1"),
        ("{{ .o.Join `a` 1 2 }}", "1:5", ".o.Join", "wrong number of args for Join: want 2 got 3"),
        ("{{ .o.Inner 1 }}", "1:5", ".o.Inner", "Inner has arguments but cannot be invoked as function"),
        ("{{ .o.Inner.Nope 1 }}", "1:5", ".o.Inner.Nope", "can't evaluate field Nope in type x.Inner"),
        ("{{ .f.y 1 }}", "1:5", ".f.y", "y is not a method but has arguments"),
        ("{{ .nil.Join 1 }}", "1:7", ".nil.Join", "nil pointer evaluating interface {}.Join"),
        ("{{ .o.Join 1 2 }}", "1:11", "1", "expected string; found 1"),
        ("{{ .o.Join `a` `b` }}", "1:15", "`b`", "expected integer; found `b`"),
        ("{{ .o.Join nil 2 }}", "1:11", "nil", "cannot assign nil to string"),
        ("{{ .o.Join .o 2 }}", "1:11", ".o", "wrong type for value; expected string; got *x.Outer"),
        ("{{ .o.Of 1 }}", "1:9", "1", "can't handle 1 for arg of type x.Inner"),
        ("{{ .o.Of .o }}", "1:9", ".o", "wrong type for value; expected x.Inner; got *x.Outer"),
        ("{{ .v.Table }}", "1:5", ".v.Table", "wrong number of args for Table: want 1 got 0"),
        ("{{ .v.Encode . }}", "1:13", ".", "wrong type for value; expected io.Writer; got common.Values"),
    ],
)
def test_errors(text: str, place: str, node: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        run(text, _data())
    assert caught.value.message == f't:{place}\n  executing "t" at <{node}>:\n    {message}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ .o.Fail }}", "error calling Fail: it broke"),
        ("{{ .v.Table `x` }}", 'error calling Table: "x" is not a table'),
    ],
)
def test_errors_of_methods(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        run(text, _data())
    assert caught.value.message.startswith("template: t:1:5: executing")
    assert caught.value.message.endswith(message)


def test_an_error_shows_a_struct_field_by_field() -> None:
    assert run("{{ . }}", Stamp()) == "stamp"
    with pytest.raises(TemplateError, match=r"range can't iterate over \{inner\}"):
        run("{{ range . }}{{ end }}", Stamp())


def test_strict_knows_methods_and_zeros() -> None:
    data: dict[str, Any] = {"o": Outer(), "f": Files({"y": b"Y"})}
    assert run("{{ .o.Inner.Name }}{{ .f.All }}", data, strict=True) == "innery"
    with pytest.raises(TemplateError, match='map has no entry for key "none"'):
        run("{{ .f.none }}", data, strict=True)
