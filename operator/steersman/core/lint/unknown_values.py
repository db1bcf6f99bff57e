"""Values that nothing reads: keys that a schema, the defaults and the templates do not know. A check of ours.

Where a schema lists keys, one the user gave is told when neither the schema, nor values.yaml, nor a template knows it,
and one of values.yaml when the schema does not. Where it lists none, or there is no schema, there is only a note, for a
key that values.yaml and the text of all templates do not even mention. Each subchart is judged by its own files and by
its parents'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import takewhile
from typing import Any, Final

from steersman.core.chart.documents import merge_maps
from steersman.core.chart.model import Chart
from steersman.core.lint.model import Finding, Severity
from steersman.core.lint.schema_keys import SchemaPlace, schema_place
from steersman.core.lint.value_uses import Path, ValueUses, value_uses
from steersman.core.values.dependencies import chart_of
from steersman.core.values.merge import GLOBAL

UNKNOWN_VALUE: Final = "unknown-value"
_GIVEN: Final = "given values"
_NEAR: Final = 0.75
_SHOWN: Final = 5
_SHORTEST: Final = 4
_TAGS: Final = "tags"


def check_unknown_values(chart: Chart, given: dict[str, Any]) -> Iterator[Finding]:
    """Warnings for keys that a schema does not know, notes where there is none or where the schema seems unfinished."""
    root = _Section(chart, chart.values, value_uses(chart, _strings(given)), _conditions(chart), "")
    for section, values in _sections(root, given):
        yield from _given_keys(section, values)
    yield from _default_keys(root)


@dataclass(frozen=True, slots=True)
class _Section:
    """One chart of the tree and what may know its values: `defaults` are its own under its parents', `conditions` the
    paths that switch its subcharts (and itself) on. `place` leads to its values."""

    chart: Chart
    defaults: dict[str, Any]
    uses: ValueUses
    conditions: frozenset[Path]
    place: str

    def passed_on(self) -> dict[str, Chart | None]:
        """Keys whose values are another chart's: the subcharts, None where one is not in charts/."""
        entries = self.chart.metadata.dependencies or ()
        listed = {entry.key: chart_of(entry, self.chart.subcharts) for entry in entries}
        names = {entry.name for entry in entries}
        return {**{each.name: each for each in self.chart.subcharts if each.name not in names}, **listed}

    def inner(self, key: str, chart: Chart) -> _Section:
        own = self.defaults.get(key)
        return _Section(
            chart,
            merge_maps(chart.values, own if isinstance(own, dict) else {}),
            self.uses.inside(key),
            _conditions(chart) | {path[1:] for path in self.conditions if path[:1] == (key,)},
            f"{self.place}{key}.",
        )


def _sections(section: _Section, given: dict[str, Any]) -> Iterator[tuple[_Section, dict[str, Any]]]:
    """Each chart of the tree with the values it is given, those of its subcharts, globals and tags taken out."""
    inner = section.passed_on()
    yield section, {key: value for key, value in given.items() if key not in inner and key not in (GLOBAL, _TAGS)}
    for key, chart in inner.items():
        values = given.get(key, {})
        if chart is not None and isinstance(values, dict):
            yield from _sections(section.inner(key, chart), values)


def _conditions(chart: Chart) -> frozenset[Path]:
    entries = chart.metadata.dependencies or ()
    return frozenset(tuple(text.split(".")) for entry in entries for text in entry.condition.strip().split(","))


def _given_keys(section: _Section, values: dict[str, Any]) -> Iterator[Finding]:
    place = schema_place(section.chart.schema)
    for path, names in _unknown_to_schema(place, values):
        near = _nearest(path[-1], names | _table_at(section.defaults, path[:-1]).keys())
        if _is_unknown(section, path, near):
            yield _given_finding(section, path, near, Severity.WARNING)
    for path, names in _unknown_to_chart(section, values, section.defaults, place):
        yield _given_finding(section, path, _nearest(path[-1], names), Severity.INFO)


def _is_unknown(section: _Section, path: Path, near: str) -> bool:
    """Whether a key that the schema does not know is unknown to values.yaml and templates too. What a template takes as
    a whole may hold anything, unless the key looks like a slip."""
    if _has(section.defaults, path) or path in section.conditions:
        return False
    keys = tuple(takewhile(lambda part: not part.startswith("["), path))
    if section.uses.mentions(keys):
        return False
    return bool(near) or not section.uses.uses_whole(path[:-1], above=1)


def _given_finding(section: _Section, path: Path, near: str, severity: Severity) -> Finding:
    sources = "values.yaml and the templates" if severity == Severity.INFO else "values.schema.json and values.yaml"
    advice = f"; did you mean {near}?" if near else ""
    message = f"{section.place}{_dotted(path)} is not known to {sources}{advice}"
    return Finding(severity, _GIVEN, message, UNKNOWN_VALUE)


def _default_keys(section: _Section) -> Iterator[Finding]:
    """Keys of values.yaml that the schema does not know: each that looks like a slip, since no template names it, and
    one note about the others."""
    place = schema_place(section.chart.schema)
    inner = section.passed_on()
    own = {key: value for key, value in section.chart.values.items() if key not in inner and key not in (GLOBAL, _TAGS)}
    rest: list[str] = []
    for path, names in _unknown_to_schema(place, own):
        near = _nearest(path[-1], names - set(_table_at(section.chart.values, path[:-1])))
        if near and not section.uses.mentions(path):
            message = f"values.schema.json does not know {_dotted(path)}; did you mean {near}?"
            yield Finding(Severity.WARNING, "values.yaml", message, UNKNOWN_VALUE)
        else:
            rest.append(_dotted(path))
    if rest:
        more = f" and {len(rest) - _SHOWN} more" if len(rest) > _SHOWN else ""
        message = f"values.schema.json does not know {', '.join(rest[:_SHOWN])}{more}"
        yield Finding(Severity.INFO, "values.yaml", message, UNKNOWN_VALUE)


def _unknown_to_schema(place: SchemaPlace, value: Any, path: Path = ()) -> Iterator[tuple[Path, set[str]]]:
    """Paths that the schema does not know, each with the names it knows there."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown_to_schema(place.item(index), item, (*path, f"[{index}]"))
    elif isinstance(value, dict):
        for key, item in value.items():
            if place.knows(key):
                yield from _unknown_to_schema(place.at(key), item, (*path, key))
            else:
                yield (*path, key), place.known()


def _unknown_to_chart(
    section: _Section, value: Any, default: Any, place: SchemaPlace, path: Path = ()
) -> Iterator[tuple[Path, set[str]]]:
    """Where the schema lists no keys: paths that no template and no default can mean as far as the text tells, each
    with the names known there. A default that is an empty map, or none, takes any key; what a template takes as a whole
    may hold anything, but for slips."""
    if not isinstance(value, dict) or not isinstance(default, dict) or (path and not default):
        return
    whole = section.uses.uses_whole(path)
    for key, item in value.items():
        below = (*path, key)
        if key in default:
            yield from _unknown_to_chart(section, item, default[key], place.at(key), below)
        elif place.lists_keys or place.lists(key) or section.uses.says(key) or below in section.conditions:
            continue
        elif not whole or any(_is_slip(key, name) for name in default):
            yield below, default.keys() | section.uses.names_below(path)


def _is_slip(key: str, name: str) -> bool:
    """Whether one is the other with letters swapped, one left out or one too many, or in other case. Names that tell
    things apart (`disk-1`, `disk-2`) are none."""
    mine, other = _letters(key), _letters(name)
    if len(mine) == len(other):
        return sorted(mine) == sorted(other)
    shorter, longer = sorted((mine, other), key=len)
    return len(shorter) >= _SHORTEST and shorter in {
        longer[:index] + longer[index + 1 :] for index, char in enumerate(longer) if char.isalpha()
    }


def _letters(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _has(node: Any, path: Path) -> bool:
    """Whether the values hold the path; of a list any item will do."""
    if not path:
        return True
    if isinstance(node, list):
        return any(_has(item, path[1:]) for item in node)
    return isinstance(node, dict) and path[0] in node and _has(node[path[0]], path[1:])


def _table_at(values: dict[str, Any], path: Path) -> dict[str, Any]:
    node: Any = values
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def _strings(value: Any) -> Iterator[str]:
    """The texts among the values that `tpl` may run."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
    elif isinstance(value, str) and "{{" in value:
        yield value


def _nearest(key: str, names: Iterable[str]) -> str:
    """The name that was probably meant, "" where none is near."""
    by_folded = {name.lower(): name for name in sorted(names)}
    found = get_close_matches(key.lower(), by_folded, n=1, cutoff=_NEAR)
    return by_folded[found[0]] if found else ""


def _dotted(path: Path) -> str:
    """`ingress.hosts[0].path`"""
    return "".join(part if part.startswith("[") else f".{part}" for part in path).removeprefix(".")
