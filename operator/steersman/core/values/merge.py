"""Coalescing: what a user gave, laid over the defaults of a chart and of every chart inside it.

Called by `values.dependencies` (several times on the way) and by `render.engine` for the final values. The functions
follow Helm's one by one, because the rules about null only come out right that way: nulls are kept while merging
(`merge=True`) and take the key away while coalescing, and defaults that are null are dropped first. Maps are shared
between parent, subchart and globals exactly where Helm shares them: what a template `set`s in one is seen in the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from steersman.core.chart.model import Chart
from steersman.core.golang.format import sprint_one, sprintf
from steersman.core.golang.quote import quote
from steersman.core.manifest.log import Warn, log_line
from steersman.core.values.errors import ValuesError

GLOBAL = "global"


def coalesce_values(chart: Chart, values: dict[str, Any], warn: Warn) -> dict[str, Any]:
    """The values of the whole tree, nulls resolved. Raises ValuesError where a subchart's section is no map."""
    return _Coalescing(warn, merge=False).chart(chart, deep_copy(values), "")


def merge_values(chart: Chart, values: dict[str, Any], warn: Warn) -> dict[str, Any]:
    """As `coalesce_values`, but nulls stay: for values that will be coalesced again later."""
    return _Coalescing(warn, merge=True).chart(chart, deep_copy(values), "")


def merge_tables(high: dict[str, Any], low: dict[str, Any], warn: Warn) -> dict[str, Any]:
    """Fill `high` in place with what only `low` has, nulls kept; returns it."""
    _Coalescing(warn, merge=True).tables(high, low, "", merge=True)
    return high


def coalesce_tables(high: dict[str, Any], low: dict[str, Any], warn: Warn) -> dict[str, Any]:
    """Fill `high` in place with what only `low` has; a null in `high` takes away what `low` has there; returns it."""
    _Coalescing(warn, merge=False).tables(high, low, "", merge=False)
    return high


def merge_layers(layers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Values of several sources, later ones win: maps merge deeply, all else is replaced, null is a value."""
    merged: dict[str, Any] = {}
    for layer in layers:
        _overlay(merged, layer)
    return merged


def deep_copy(value: Any) -> Any:
    """A copy of maps and lists at every depth; scalars cannot change and are shared."""
    kind = type(value)
    if kind is dict:
        return {key: deep_copy(item) if type(item) in _CONTAINERS else item for key, item in value.items()}
    if kind is list:
        return [deep_copy(item) if type(item) in _CONTAINERS else item for item in value]
    return value


_CONTAINERS = frozenset({dict, list})


def _overlay(target: dict[str, Any], layer: dict[str, Any]) -> None:
    for key, value in layer.items():
        below = target.get(key)
        if type(value) is dict and type(below) is dict:
            _overlay(below, value)
        else:
            target[key] = deep_copy(value)


class _Coalescing:
    """One pass over a chart tree. `merge` keeps nulls."""

    def __init__(self, warn: Warn, *, merge: bool) -> None:
        self._warn = warn
        self._merge = merge

    def _log(self, text: str) -> None:
        self._warn(log_line("INFO", text))

    def chart(self, chart: Chart, values: dict[str, Any], prefix: str) -> dict[str, Any]:
        """Fill `values` in place with the chart's defaults, then each subchart's section."""
        self._defaults(chart, values, prefix)
        for subchart in chart.subcharts:
            section = values.setdefault(subchart.name, {})
            if type(section) is not dict:
                raise ValuesError(f"type mismatch on {subchart.name}: {_as_bool_verb(section)}")
            inner = _join(prefix, chart.name)
            self._globals(section, values, inner)
            self.chart(subchart, section, inner)
        return values

    def _defaults(self, chart: Chart, values: dict[str, Any], prefix: str) -> None:
        prefix = _join(prefix, chart.name)
        subcharts = {subchart.name for subchart in chart.subcharts}
        for key, shared in chart.values.items():
            default = deep_copy(shared)
            if key not in values:
                if not self._merge:
                    if default is None:
                        continue
                    _drop_nulls(default)
                values[key] = default
                continue
            given = values[key]
            if given is None and not self._merge:
                del values[key]
            elif type(given) is dict:
                self._default_table(given, default, _join(prefix, key), merge=self._merge or key in subcharts)

    def _default_table(self, given: dict[str, Any], default: Any, path: str, *, merge: bool) -> None:
        if type(default) is dict:
            if not merge:
                _drop_nulls(default)
            self.tables(given, default, path, merge=merge)
        elif default is not None:
            self._log(f"warning: skipped value for {path}: Not a table.")

    def tables(self, high: dict[str, Any], low: dict[str, Any], path: str, *, merge: bool) -> None:
        """Merge `low` into `high` in place. A null in `high` also hides what `low` has below it."""
        nullified = [key for key, value in high.items() if value is None]
        removed = set() if merge else {key for key in nullified if low.get(key) is not None}
        for key in nullified:
            low[key] = None
        for key, value in low.items():
            if key in removed:
                del high[key]
            elif key not in high:
                high[key] = value
            elif type(value) is dict:
                self._table(high[key], value, _join(path, key), merge=merge)
            elif type(high[key]) is dict and value is not None:
                path_text = _join(path, key)
                self._log(
                    f"warning: destination for {path_text} is a table. Ignoring non-table value ({sprint_one(value)})"
                )

    def _table(self, high: Any, low: dict[str, Any], path: str, *, merge: bool) -> None:
        if type(high) is dict:
            self.tables(high, low, path, merge=merge)
        else:
            self._log(f"warning: cannot overwrite table with non table for {path} ({sprint_one(low)})")

    def _globals(self, section: dict[str, Any], parent: dict[str, Any], prefix: str) -> None:
        """Lay the parent's globals over the section's."""
        target = section.get(GLOBAL, {})
        if type(target) is not dict:
            self._log("warning: skipping globals because destination global is not a table.")
            return
        source = parent.get(GLOBAL, {})
        if type(source) is not dict:
            self._log("warning: skipping globals because source global is not a table.")
            return
        for key, value in source.items():
            if type(value) is dict:
                self._global_table(target, key, dict(value), prefix)
            elif type(target.get(key)) is dict:
                self._log(f"key {key} is table. Skipping")
            else:
                target[key] = value
        section[GLOBAL] = target

    def _global_table(self, target: dict[str, Any], key: str, value: dict[str, Any], prefix: str) -> None:
        if key in target:
            below = target[key]
            if type(below) is not dict:
                self._log(f"Conflict: cannot merge map onto non-map for {quote(key)}. Skipping.")
                return
            self.tables(value, below, _join(prefix, key), merge=True)
        target[key] = value


def _join(prefix: str, key: str) -> str:
    return f"{prefix}.{key}" if prefix else key


def _drop_nulls(value: Any) -> None:
    """Remove null entries of a map at every depth; nulls in lists stay."""
    if type(value) is not dict:
        return
    for key in [key for key, item in value.items() if item is None]:
        del value[key]
    for item in value.values():
        _drop_nulls(item)


def _as_bool_verb(value: Any) -> str:
    """What Go's `%t` prints for something that is no bool (Helm's slip, part of the message)."""
    return sprintf("%t", [value])
