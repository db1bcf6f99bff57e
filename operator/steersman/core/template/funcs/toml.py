"""TOML functions of Helm: toToml gives an error as text, mustToToml fails, fromToml puts it under the key `Error`."""

from __future__ import annotations

from typing import Any

from steersman.core.golang.gotoml import TOMLError, dump_toml, load_toml
from steersman.core.golang.types import GoValue
from steersman.core.template.funcs.registry import ANY, MAP, STRING, FunctionError, FunctionTable

TABLE = FunctionTable()


@TABLE.function("toToml", params=(ANY,), result=STRING)
def to_toml(value: GoValue) -> str:
    """As TOML; an error as text."""
    _refuse_nil(value)
    try:
        return dump_toml(value)
    except TOMLError as error:
        return str(error)


@TABLE.function("mustToToml", params=(ANY,), result=STRING)
def must_to_toml(value: GoValue) -> str:
    """As TOML."""
    _refuse_nil(value)
    try:
        return dump_toml(value)
    except TOMLError as error:
        raise FunctionError(str(error)) from error


def _refuse_nil(value: GoValue) -> None:
    if value is None:
        raise FunctionError("reflect: call of reflect.Value.Type on zero Value")


@TABLE.function("fromToml", params=(STRING,), result=MAP)
def from_toml(text: str) -> dict[str, Any]:
    """A TOML document as a map; an error under the key `Error`."""
    try:
        return load_toml(text)
    except TOMLError as error:
        return {"Error": str(error)}
