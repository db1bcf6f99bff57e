"""What sharing and nil mean for dictionaries; results are compared with Helm in test_recorded."""

import pytest

from steersman.core.golang.types import NilMap, StringList
from steersman.core.template.funcs import dicts
from steersman.core.template.funcs.registry import FunctionError


def test_set_and_unset_change_the_dictionary_itself() -> None:
    mapping = {"a": 1}
    assert dicts.set_key(mapping, "b", 2) is mapping
    assert dicts.unset(mapping, "a") is mapping
    assert mapping == {"b": 2}


@pytest.mark.parametrize("nothing", [pytest.param(None, id="literal"), pytest.param(NilMap(), id="typed")])
def test_a_nil_map_reads_as_empty_and_refuses_set(nothing: NilMap | None) -> None:
    assert dicts.get(nothing, "a") == ""
    assert not dicts.has_key(nothing, "a")
    assert dicts.keys(nothing) == StringList()
    with pytest.raises(FunctionError, match=r"^assignment to entry in nil map$"):
        dicts.set_key(nothing, "a", 1)


def test_keys_and_values_follow_the_sorted_keys() -> None:
    mapping = {"b": 1, "é": 2, "a": 3, "Z": 4}
    assert dicts.keys(mapping) == ["Z", "a", "b", "é"]
    assert dicts.values_of(mapping) == [4, 3, 1, 2]


def test_merge_shares_what_it_takes_over() -> None:
    target: dict[str, object] = {}
    nested = {"x": 1}
    dicts.merge(target, {"a": nested})
    assert target["a"] is nested


def test_merge_goes_into_the_targets_own_maps() -> None:
    inner = {"q": 1}
    source = {"b": {"c": 2}}
    dicts.merge({"b": inner}, source)
    assert inner == {"q": 1, "c": 2}
    assert source == {"b": {"c": 2}}


def test_deep_copy_keeps_types_and_shares_nothing() -> None:
    original = {"l": StringList(["a"]), "m": {"x": [1]}}
    copy = dicts.deep_copy(original)
    assert type(copy["l"]) is StringList
    copy["m"]["x"].append(2)
    assert original["m"] == {"x": [1]}
