"""fmt: what Go prints for a value under a verb. Expected texts come from Go's fmt."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from steersman.core.golang.format import display, sprint, sprint_one, sprintf, sprintln
from steersman.core.golang.types import (
    Duration,
    GoStruct,
    Int64,
    IntList,
    NamedMap,
    NilList,
    NilMap,
    NilStringList,
    StringList,
    StringMap,
    Uint8,
    Values,
)


class Point(GoStruct):
    """A struct without a String method, one field unexported."""

    go_type: ClassVar[str] = "geo.Point"
    go_fields: ClassVar[tuple[str, ...]] = ("X", "Label")

    def __init__(self) -> None:
        self.X = 3
        self.Label = "a"
        self._hidden = True

    def printed_fields(self) -> dict[str, Any]:
        return {"X": self.X, "hidden": self._hidden, "Label": self.Label}


class PointPointer(Point):
    """The same by pointer."""

    go_type: ClassVar[str] = "*geo.Point"


class Version(GoStruct):
    """A pointer with a String method."""

    go_type: ClassVar[str] = "*semver.Version"
    go_methods: ClassVar[dict[str, str]] = {"String": "text"}

    def text(self) -> str:
        return "1.2.3"


class ByAddress(Version):
    """String belongs to the pointer, templates hold the value."""

    go_type: ClassVar[str] = "common.KubeVersion"
    go_fields: ClassVar[tuple[str, ...]] = ("Major",)
    go_string_by_address: ClassVar[bool] = True

    def __init__(self) -> None:
        self.Major = "1"


class Files(NamedMap):
    go_type: ClassVar[str] = "engine.files"
    go_element: ClassVar[str] = "[]uint8"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(None, "<nil>", id="nil"),
        pytest.param(True, "true", id="bool"),
        pytest.param(-7, "-7", id="int"),
        pytest.param(Int64(9), "9", id="int64"),
        pytest.param(Uint8(97), "97", id="uint8"),
        pytest.param(3.0, "3", id="whole float"),
        pytest.param(-0.0, "-0", id="negative zero"),
        pytest.param(999999.0, "999999", id="below a million"),
        pytest.param(1000000.0, "1e+06", id="a million"),
        pytest.param(1234567.0, "1.234567e+06", id="seven digits"),
        pytest.param(0.0001, "0.0001", id="small"),
        pytest.param(0.00001, "1e-05", id="smaller"),
        pytest.param(5e-324, "5e-324", id="smallest"),
        pytest.param(1.7976931348623157e308, "1.7976931348623157e+308", id="largest"),
        pytest.param(float("inf"), "+Inf", id="infinity"),
        pytest.param(float("-inf"), "-Inf", id="negative infinity"),
        pytest.param(float("nan"), "NaN", id="not a number"),
        pytest.param(1 + 2j, "(1+2i)", id="complex"),
        pytest.param("a b", "a b", id="string"),
        pytest.param(b"ab", "[97 98]", id="bytes"),
        pytest.param(["a", 1, None, [2.5]], "[a 1 <nil> [2.5]]", id="list"),
        pytest.param({"b": 1, "a": {"c": None}}, "map[a:map[c:<nil>] b:1]", id="map sorted"),
        pytest.param({"é": 1, "z": 2, "\udcff": 3}, "map[z:2 é:1 \udcff:3]", id="map sorted bytewise"),
        pytest.param(Values({"a": 1}), "map[a:1]", id="values"),
        pytest.param(StringMap({"k": "v"}), "map[k:v]", id="string map"),
        pytest.param(Files({"f": b"x"}), "map[f:[120]]", id="bytes in a map"),
        pytest.param(StringList(["a", "b"]), "[a b]", id="string list"),
        pytest.param(NilList(), "[]", id="nil list"),
        pytest.param(Duration(5_400_000_000_000), "1h30m0s", id="duration"),
        pytest.param(Duration(1_500_000), "1.5ms", id="short duration"),
        pytest.param(Duration(-1), "-1ns", id="negative duration"),
        pytest.param(Duration(0), "0s", id="no duration"),
        pytest.param(Duration(61_000_000_000), "1m1s", id="minutes"),
        pytest.param(Point(), "{3 true a}", id="struct"),
        pytest.param(PointPointer(), "&{3 true a}", id="pointer to struct"),
        pytest.param([PointPointer()], "[0xc00000000000]", id="nested pointer is an address"),
        pytest.param(Version(), "1.2.3", id="stringer"),
        pytest.param(ByAddress(), "{1}", id="stringer by address only"),
    ],
)
def test_sprint_of_one_value(value: Any, wanted: str) -> None:
    assert sprint_one(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(None, "<no value>", id="nil"),
        pytest.param([None], "[<nil>]", id="nil inside"),
        pytest.param(ByAddress(), "1.2.3", id="stringer by address"),
        pytest.param(PointPointer(), "{3 true a}", id="pointers are followed"),
        pytest.param(Version(), "1.2.3", id="stringer"),
        pytest.param(1e6, "1e+06", id="float"),
    ],
)
def test_display_is_what_an_action_writes(value: Any, wanted: str) -> None:
    assert display(value) == wanted


def test_sprint_puts_blanks_between_operands_when_neither_is_a_string() -> None:
    assert sprint([None, 3, 1, "a", "b", 2, 3]) == "<nil> 3 1ab2 3"


def test_sprintln_always_puts_blanks() -> None:
    assert sprintln(["a", 1, None]) == "a 1 <nil>\n"


@pytest.mark.parametrize(
    ("template", "values", "wanted"),
    [
        pytest.param("%s-%s", ["a", "b"], "a-b", id="strings"),
        pytest.param("%s %s", ["a"], "a %!s(MISSING)", id="missing"),
        pytest.param("%s", ["a", 2, None], "a%!(EXTRA int=2, <nil>)", id="extra"),
        pytest.param("100%", [], "100%!(NOVERB)", id="no verb"),
        pytest.param("%d%%", [50], "50%", id="percent"),
        pytest.param("%!", [1], "%!!(int=1)", id="exclamation mark"),
        pytest.param("%s", [3.0], "%!s(float64=3)", id="wrong verb"),
        pytest.param("%d", ["x"], "%!d(string=x)", id="wrong verb for a string"),
        pytest.param("%s", [None], "%!s(<nil>)", id="nil under a wrong verb"),
        pytest.param("%5v|%-5v|", [None, None], "<nil>|<nil>|", id="padded nil"),
        pytest.param("%.2f", [1], "%!f(int=01)", id="flags reach the shown value"),
        pytest.param("%05d|%-5d|%+d|% d", [42, 42, 42, 42], "00042|42   |+42| 42", id="integer flags"),
        pytest.param("%x %X %#x %#o %O %b", [255, 255, 255, 8, 8, 5], "ff FF 0xff 010 0o10 101", id="bases"),
        pytest.param("%x", [-255], "-ff", id="negative hexadecimal"),
        pytest.param("%.0d|%5.3d", [0, 7], "|  007", id="precision of integers"),
        pytest.param("%c %q %U %#U", [97, 97, 97, 97], "a 'a' U+0061 U+0061 'a'", id="runes"),
        pytest.param("%c", [-3], "�", id="no rune"),
        pytest.param("%e %E %.3g %G", [1.5, 1.5, 1e4, 1e-7], "1.500000e+00 1.500000E+00 1e+04 1E-07", id="floats"),
        pytest.param("%8.2f|%-8.2f|%08.2f|%+.1f", [3.14159] * 4, "    3.14|3.14    |00003.14|+3.1", id="float widths"),
        pytest.param("%#g %#x", [1.0, 42.0], "1.00000 0x1.5000p+05", id="sharp floats"),
        pytest.param("%x %b", [3.5, 1.5], "0x1.cp+01 6755399441055744p-52", id="binary floats"),
        pytest.param("%6.2v|%06d", [3.14159, -42], "   3.1|-00042", id="zeros after the sign"),
        pytest.param("%5s|%-5s|%.2s|%05s", ["é", "é", "éab", "x"], "    é|é    |éa|0000x", id="string widths in runes"),
        pytest.param("%q %+q %#q %x % X", ["é\n", "é", "a`b", "hi", "hi"], '"é\\n" "\\u00e9" "a`b" 6869 68 69', id="q"),
        pytest.param("%#q", ["a b"], "`a b`", id="backquoted"),
        pytest.param("%t %v", [True, False], "true false", id="bools"),
        pytest.param("%T %T %T", [1, None, {}], "int <nil> map[string]interface {}", id="types"),
        pytest.param("%v %d", [Duration(90_000_000_000)] * 2, "1m30s 90000000000", id="stringer and number"),
        pytest.param("%s", [["a", 1]], "[a %!s(int=1)]", id="wrong verb inside"),
        pytest.param("%s", [[PointPointer()]], "[%!s(*geo.Point=&{3 true a})]", id="wrong verb for a pointer inside"),
        pytest.param("%d", [{"k": [1, 2.5]}], "map[%!d(string=k):[1 %!d(float64=2.5)]]", id="wrong verbs inside"),
        pytest.param("%[2]s %[1]s", ["a", "b"], "b a", id="indexes"),
        pytest.param("%[3]s", ["a"], "%!s(BADINDEX)", id="bad index"),
        pytest.param("%[x]s", ["a"], "%!s(BADINDEX)", id="no index"),
        pytest.param("%*d|%-*d|%.*f", [5, 42, 5, 42, 2, 3.14159], "   42|42   |3.14", id="stars"),
        pytest.param("%*d", ["x", 42], "%!(BADWIDTH)42", id="bad width"),
        pytest.param("%.*f", ["x", 1.5], "%!(BADPREC)1.500000", id="bad precision"),
        pytest.param("%s", ["\udcff"], "\udcff", id="bytes that are no text"),
        pytest.param("%v %s %x %d", [b"ab"] * 4, "[97 98] ab 6162 [97 98]", id="byte slices"),
        pytest.param("%w", [1], "%!w(int=1)", id="error verb"),
        pytest.param("%z", [[1, "a"]], "[%!z(int=1) %!z(string=a)]", id="unknown verb"),
        pytest.param("%w", [[1, "a"]], "%!w([]interface {}=[1 a])", id="error verb on a list"),
        pytest.param("%t|%b", [b"", b"ab"], "[]|[1100001 1100010]", id="byte slices item by item"),
        pytest.param("%z", [[PointPointer()]], "[%!z(*geo.Point=&{3 true a})]", id="pointer inside a list"),
    ],
)
def test_sprintf(template: str, values: list[Any], wanted: str) -> None:
    assert sprintf(template, values) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(
            {"a": ["x", 1, None]}, 'map[string]interface {}{"a":[]interface {}{"x", 1, interface {}(nil)}}', id="map"
        ),
        pytest.param(IntList([0, 1]), "[]int{0, 1}", id="ints"),
        pytest.param(NilStringList(), "[]string(nil)", id="nil slice"),
        pytest.param(NilMap(), "map[string]interface {}(nil)", id="nil map"),
        pytest.param(b"a", "[]byte{0x61}", id="bytes"),
        pytest.param(Uint8(97), "0x61", id="uint8"),
        pytest.param(Duration(5), "5", id="duration"),
        pytest.param('a"b', '"a\\"b"', id="string"),
        pytest.param(Point(), 'geo.Point{X:3, hidden:true, Label:"a"}', id="struct"),
        pytest.param(PointPointer(), '&geo.Point{X:3, hidden:true, Label:"a"}', id="pointer"),
    ],
)
def test_go_syntax(value: Any, wanted: str) -> None:
    assert sprintf("%#v", [value]) == wanted


def test_field_names() -> None:
    assert sprintf("%+v", [Point()]) == "{X:3 hidden:true Label:a}"


def test_a_width_with_thousands_of_zeros() -> None:
    assert sprintf(f"%1.{'0' * 5000}3f", [1.5]) == "1.500"
