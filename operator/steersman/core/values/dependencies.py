"""Which charts of a tree take part in a release, under which names, and what parents import from them.

Called once per render, before the final coalescing. Steps, as in Helm: match the entries of Chart.yaml with the charts
in `charts/` and rename by alias; switch entries off by tags, then by conditions; recurse; then, bottom-up, import
values from children into parents' defaults. The given chart is not changed: a new tree comes back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from steersman.core.chart.metadata import Dependency
from steersman.core.chart.model import Chart
from steersman.core.golang.format import sprint_one
from steersman.core.golang.quote import quote
from steersman.core.manifest.log import Warn, log_line
from steersman.core.values.errors import ValuesError
from steersman.core.values.merge import coalesce_values, deep_copy, merge_tables, merge_values
from steersman.core.values.paths import nested, scalar_at, table_at


def process_dependencies(chart: Chart, values: dict[str, Any], warn: Warn) -> Chart:
    """The tree that these values select.

    Raises ValuesError where a subchart's section is no map, or an import would put a table into itself (Helm crashes).
    """
    return _import_values(_select(chart, values, "", warn), warn)


def missing_dependencies(chart: Chart) -> list[str]:
    """Names that Chart.yaml lists and `charts/` lacks."""
    present = {subchart.name for subchart in chart.subcharts}
    return [dependency.name for dependency in chart.metadata.dependencies or () if dependency.name not in present]


def is_compatible(version: str, constraint: str) -> bool:
    """Whether a version lies in a range; False where either does not parse."""
    # Imported here, with its regular expressions: charts without ranges need none of it.
    from steersman.core.semver import Constraint, SemverError, Version

    try:
        return Constraint.parse(constraint).check(Version.parse(version))
    except SemverError:
        return False


def _select(chart: Chart, values: dict[str, Any], path: str, warn: Warn) -> Chart:
    """Rename, switch off and recurse. A chart without a `dependencies` list keeps its charts untouched."""
    entries = chart.metadata.dependencies
    if entries is None:
        return chart
    renamed = tuple(entry._replace(name=entry.key, enabled=True) for entry in entries)
    chart = _with_dependencies(chart, renamed, _matched(chart, entries))
    coalesced = coalesce_values(chart, values, warn)
    judged = [_judge(entry, coalesced, path, warn) for entry in renamed]
    dropped = {entry.name for entry in judged if not entry.enabled}
    subcharts = tuple(
        _select(subchart, coalesced, f"{path}{subchart.name}.", warn)
        for subchart in chart.subcharts
        if subchart.name not in dropped
    )
    kept = tuple(entry for entry in judged if entry.name not in dropped)
    return _with_dependencies(chart, kept or None, subcharts)


def _matched(chart: Chart, entries: tuple[Dependency, ...]) -> tuple[Chart, ...]:
    """Charts that no entry means, then one chart per entry, under the entry's alias."""
    unlisted = [chart for chart in chart.subcharts if not any(_fits(entry, chart) for entry in entries)]
    listed = [found for entry in entries if (found := chart_of(entry, chart.subcharts)) is not None]
    return (*unlisted, *listed)


def chart_of(entry: Dependency, subcharts: tuple[Chart, ...]) -> Chart | None:
    """The chart that an entry of Chart.yaml means, under the entry's alias; None where there is none."""
    for subchart in subcharts:
        if _fits(entry, subchart):
            return replace(subchart, metadata=subchart.metadata._replace(name=entry.key))
    return None


def _fits(entry: Dependency, chart: Chart) -> bool:
    return chart.name == entry.name and is_compatible(chart.metadata.version, entry.version)


def _judge(entry: Dependency, values: dict[str, Any], path: str, warn: Warn) -> Dependency:
    enabled = _by_tags(entry, values, warn)
    by_condition = _by_condition(entry, values, path, warn)
    return entry._replace(enabled=enabled if by_condition is None else by_condition)


def _by_tags(entry: Dependency, values: dict[str, Any], warn: Warn) -> bool:
    """On, unless some of its tags are false and none is true."""
    tags = values.get("tags")
    if type(tags) is not dict:
        return True
    states = {tag: tags[tag] for tag in entry.tags if tag in tags}
    for tag, state in states.items():
        if not isinstance(state, bool):
            warn(log_line("WARN", "returned non-bool value", tag=tag, chart=entry.name))
    return any(state is True for state in states.values()) or not any(state is False for state in states.values())


def _by_condition(entry: Dependency, values: dict[str, Any], path: str, warn: Warn) -> bool | None:
    """What the first condition path that holds a bool says; None when none does."""
    for condition in entry.condition.strip().split(","):
        if not condition:
            continue
        try:
            state = scalar_at(values, path + condition)
        except KeyError:
            continue
        if isinstance(state, bool):
            return state
        warn(log_line("WARN", "returned non-bool value", path=condition, chart=entry.name))
    return None


def _import_values(chart: Chart, warn: Warn) -> Chart:
    """Children first, then what this chart imports from them, below its own defaults."""
    entries = chart.metadata.dependencies
    subcharts = tuple(_import_values(subchart, warn) for subchart in chart.subcharts)
    chart = _with_dependencies(chart, entries, subcharts)
    if entries is None:
        return chart
    values = merge_values(chart, {}, warn)
    imported: dict[str, Any] = {}
    for entry in entries:
        for item in _imports(entry):
            _import(imported, entry, values, item, warn)
    written = tuple(
        entry._replace(import_values=tuple({"child": i.child, "parent": i.parent} for i in _imports(entry)))
        for entry in entries
    )
    chart = _with_dependencies(chart, written, subcharts)
    return replace(chart, values=merge_tables(deep_copy(values), imported, warn))


class _Import(NamedTuple):
    """One entry of `import-values`: a path in the child, one in the parent, and whether only a name was given."""

    child: str
    parent: str
    by_name: bool = False


def _import(imported: dict[str, Any], entry: Dependency, values: dict[str, Any], item: _Import, warn: Warn) -> None:
    child, parent, by_name = item
    try:
        table = table_at(values, f"{entry.name}.{child}")
    except KeyError as error:
        problem = f"{quote(error.args[0])} is not a table"
        if by_name:
            warn(log_line("WARN", "ImportValues missing table", error=problem))
        else:
            warn(log_line("WARN", "ImportValues missing table from chart", chart=entry.name, error=problem))
        return
    # An empty table is one of its own in Go, others stay shared with the child: what is imported into them shows there.
    merge_tables(imported, nested(parent, table or {}), warn)
    if _contains_itself(imported, set(), set()):
        raise ValuesError(
            f"import-values of {entry.name}: the table {child} would contain itself under {parent}; import it elsewhere"
        )


def _contains_itself(table: dict[str, Any], above: set[int], seen: set[int]) -> bool:
    above.add(id(table))
    inner = [value for value in table.values() if type(value) is dict]
    for value in inner:
        if id(value) not in seen and (id(value) in above or _contains_itself(value, above, seen)):
            return True
    above.remove(id(table))
    seen.add(id(table))
    return False


def _imports(entry: Dependency) -> list[_Import]:
    items: list[_Import] = []
    for item in entry.import_values:
        if isinstance(item, str):
            items.append(_Import(f"exports.{item}", ".", by_name=True))
        elif isinstance(item, dict):
            items.append(_Import(sprint_one(item.get("child")), sprint_one(item.get("parent"))))
    return items


def _with_dependencies(chart: Chart, entries: tuple[Dependency, ...] | None, subcharts: tuple[Chart, ...]) -> Chart:
    return replace(chart, metadata=chart.metadata._replace(dependencies=entries), subcharts=subcharts)
