"""YAML functions of Helm: toYaml, mustToYaml, toYamlPretty, fromYaml, fromYamlArray, over `core.yaml`."""

from __future__ import annotations

from typing import Any

from steersman.core.golang.calendar import TimeRangeError
from steersman.core.golang.types import GoValue
from steersman.core.template.funcs.registry import ANY, LIST, MAP, STRING, FunctionError, FunctionTable
from steersman.core.yaml import YAMLError, dump, dump_pretty, load_list, load_map

TABLE = FunctionTable()

# A map that holds itself ends in a RecursionError, where Go's encoder reports a cycle.
_UNWRITABLE = (YAMLError, TimeRangeError, RecursionError)


@TABLE.function("toYaml", params=(ANY,), result=STRING)
def to_yaml(value: GoValue) -> str:
    """As YAML without the last newline; "" for what YAML cannot hold."""
    try:
        return dump(value).removesuffix("\n")
    except _UNWRITABLE:
        return ""


@TABLE.function("mustToYaml", params=(ANY,), result=STRING)
def must_to_yaml(value: GoValue) -> str:
    """As YAML without the last newline."""
    try:
        return dump(value).removesuffix("\n")
    except _UNWRITABLE as error:
        raise FunctionError(str(error)) from error


@TABLE.function("toYamlPretty", params=(ANY,), result=STRING)
def to_yaml_pretty(value: GoValue) -> str:
    """As YAML with lists indented, without the last newline; "" for what YAML cannot hold."""
    try:
        return dump_pretty(value).removesuffix("\n")
    except _UNWRITABLE:
        return ""


@TABLE.function("fromYaml", params=(STRING,), result=MAP)
def from_yaml(text: str) -> dict[str, Any]:
    """A YAML map; an error under the key `Error`."""
    try:
        return load_map(text)
    except YAMLError as error:
        return {"Error": error.message}


@TABLE.function("fromYamlArray", params=(STRING,), result=LIST)
def from_yaml_array(text: str) -> list[Any]:
    """A YAML list; an error as its only item."""
    try:
        return load_list(text)
    except YAMLError as error:
        return [error.message]
