"""What list functions do to their arguments; results are compared with Helm in test_recorded."""

import pytest

from steersman.core.golang.types import NilList, StringList
from steersman.core.template.funcs import lists
from steersman.core.template.funcs.registry import FunctionError


def test_the_argument_is_never_changed() -> None:
    items = [3, 1, 2]
    for change in (lists.rest, lists.initial, lists.reverse, lists.uniq, lists.compact):
        change(items).append(9)
    lists.append(items, 4)
    lists.prepend(items, 0)
    lists.sort_alpha(items)
    assert items == [3, 1, 2]


def test_sorting_a_list_of_strings_sorts_that_very_list() -> None:
    texts = StringList(["b", "a"])
    assert lists.sort_alpha(texts) is texts
    assert texts == ["a", "b"]


def test_nothing_left_is_a_nil_list() -> None:
    for nothing in (lists.rest([]), lists.initial([]), lists.concat(), lists.concat([], [])):
        assert type(nothing) is NilList
    assert type(lists.rest([1])) is list


@pytest.mark.parametrize(
    ("needle", "found"),
    [
        pytest.param("1", True, id="text"),
        pytest.param(1.0, True, id="float"),
        pytest.param(1, False, id="int"),
        pytest.param(True, False, id="bool"),
        pytest.param([1.0], True, id="list"),
        pytest.param(None, True, id="nil"),
    ],
)
def test_types_are_told_apart(needle: object, found: bool) -> None:
    assert lists.has(needle, ["1", 1.0, [1.0], None]) is found


def test_nil_is_no_list() -> None:
    with pytest.raises(FunctionError, match="nil pointer dereference"):
        lists.first(None)
