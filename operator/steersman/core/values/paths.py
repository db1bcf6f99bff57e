"""Looking values up by dotted paths, as Helm does for conditions, tags, import-values and subchart sections."""

from __future__ import annotations

from typing import Any


def table_at(values: dict[str, Any], path: str) -> dict[str, Any]:
    """The map at a path. Raises KeyError with the name of the element that is no map."""
    table = values
    for name in path.split("."):
        below = table.get(name)
        if type(below) is not dict:
            raise KeyError(name)
        table = below
    return table


def scalar_at(values: dict[str, Any], path: str) -> Any:
    """What is at a path, unless it is a map. Raises KeyError where there is nothing (or a map)."""
    *parents, key = path.split(".")
    table = table_at(values, ".".join(parents)) if parents else values
    value = table[key]
    if type(value) is dict:
        raise KeyError(key)
    return value


def nested(path: str, table: dict[str, Any]) -> dict[str, Any]:
    """The table put at a path: `a.b` gives {a: {b: table}}; `.` is the root."""
    if path == ".":
        return table
    for name in reversed(path.split(".")):
        table = {name: table}
    return table
