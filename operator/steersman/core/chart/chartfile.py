"""Chart.yaml: reading it leniently and checking it.

Called by `chart.loader`, and by `lint` for the bare fields. Helm ignores unknown fields, coerces scalars to strings and
cleans strings of control characters before it checks them; messages are Helm's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from steersman.core import yaml
from steersman.core.chart.errors import ChartError
from steersman.core.chart.metadata import API_V3, Dependency, Maintainer, Metadata
from steersman.core.golang.quote import is_print, quote
from steersman.core.golang.runes import SPACE
from steersman.core.manifest.typed import ANYTHING, BOOL, STRING, TIME, ListOf, MapOf, Struct, TypeMismatch, decode
from steersman.core.yaml.errors import UNMARSHALING

_ALIAS = re.compile(r"[a-zA-Z0-9_-]+")
_TYPES = ("", "application", "library")


@dataclass(frozen=True, slots=True)
class ChartApi:
    """What one generation of the chart format reads: its types as messages name them, the apiVersion of a Chart.yaml
    that has none, and whether Helm 2's requirements.yaml and requirements.lock count."""

    default_version: str
    has_requirements: bool
    metadata: Struct
    lock: Struct


def _chart_api(package: str, *, default_version: str, has_requirements: bool) -> ChartApi:
    maintainer = Struct(f"{package}.Maintainer", {"name": STRING, "email": STRING, "url": STRING})
    dependency = Struct(
        f"{package}.Dependency",
        {
            "name": STRING,
            "version": STRING,
            "repository": STRING,
            "condition": STRING,
            "tags": ListOf(STRING),
            "enabled": BOOL,
            "import-values": ListOf(ANYTHING),
            "alias": STRING,
        },
    )
    dependencies = ListOf(dependency, nullable=True)
    metadata = Struct(
        f"{package}.Metadata",
        {
            "name": STRING,
            "home": STRING,
            "sources": ListOf(STRING),
            "version": STRING,
            "description": STRING,
            "keywords": ListOf(STRING),
            "maintainers": ListOf(maintainer, nullable=True),
            "icon": STRING,
            "apiVersion": STRING,
            "condition": STRING,
            "tags": STRING,
            "appVersion": STRING,
            "deprecated": BOOL,
            "annotations": MapOf(STRING),
            "kubeVersion": STRING,
            "dependencies": dependencies,
            "type": STRING,
        },
    )
    lock = Struct(f"{package}.Lock", {"generated": TIME, "digest": STRING, "dependencies": dependencies})
    return ChartApi(default_version, has_requirements, metadata, lock)


V2 = _chart_api("v2", default_version="v1", has_requirements=True)
"""Charts of apiVersion v1 and v2, and of none."""
V3 = _chart_api("v3", default_version=API_V3, has_requirements=False)

_API_VERSION = Struct("loader.chartBase", {"apiVersion": STRING})


def parse_metadata(fields: dict[str, Any], api: ChartApi = V2) -> Metadata:
    """Build and check the metadata from the decoded fields of Chart.yaml (and requirements.yaml). Raises ChartError."""
    metadata = Metadata(
        name=clean(fields.get("name", "")),
        home=clean(fields.get("home", "")),
        sources=_clean_all(fields.get("sources", ())),
        version=fields.get("version", ""),
        description=clean(fields.get("description", "")),
        keywords=_clean_all(fields.get("keywords", ())),
        icon=clean(fields.get("icon", "")),
        api_version=fields.get("apiVersion") or api.default_version,
        condition=clean(fields.get("condition", "")),
        tags=clean(fields.get("tags", "")),
        app_version=clean(fields.get("appVersion", "")),
        deprecated=fields.get("deprecated", False),
        annotations=fields.get("annotations"),
        kube_version=clean(fields.get("kubeVersion", "")),
        type=fields.get("type", ""),
    )
    _check(metadata)
    return metadata._replace(
        maintainers=_parse_maintainers(fields.get("maintainers", ())),
        dependencies=_parse_dependencies(fields["dependencies"]) if "dependencies" in fields else None,
    )


def decode_metadata(data: bytes, file: str, api: ChartApi = V2) -> dict[str, Any]:
    """The known fields of Chart.yaml or requirements.yaml. Raises ChartError `cannot load FILE: …`."""
    return _decode(data, file, api.metadata)


def decode_api_version(data: bytes) -> str:
    """The apiVersion of Chart.yaml and nothing else. Raises ChartError."""
    api_version: str = _decode(data, "Chart.yaml", _API_VERSION).get("apiVersion", "")
    return api_version


def decode_lock(data: bytes, file: str, api: ChartApi = V2) -> dict[str, Any] | None:
    """Chart.lock, as a release record holds it; None for an empty file, which is none. Raises ChartError."""
    fields = _decode(data, file, api.lock)
    return fields or (None if yaml.load_exact(data) is None else fields)


def decode_chart_file(data: bytes, *, strict: bool = False) -> dict[str, Any]:
    """The known fields of a Chart.yaml of v2, unchecked; `strict` refuses unknown fields and keys given twice. Raises
    ChartError with the bare reason."""
    return _decode_struct(data, V2.metadata, strict=strict)


def _decode(data: bytes, file: str, struct: Struct) -> dict[str, Any]:
    try:
        return _decode_struct(data, struct)
    except ChartError as error:
        raise ChartError(f"cannot load {file}: {error.message}") from error


def _decode_struct(data: bytes, struct: Struct, *, strict: bool = False) -> dict[str, Any]:
    try:
        return decode(yaml.load_strict(data) if strict else yaml.load_exact(data), struct, strict=strict)
    except yaml.YAMLError as error:
        raise ChartError(error.message) from error
    except TypeMismatch as error:
        raise ChartError(f"{UNMARSHALING}{error}") from error


def _check(metadata: Metadata) -> None:
    from steersman.core.semver import is_version  # with its regular expressions: only to read a chart

    if not metadata.name:
        raise _invalid("chart.metadata.name is required")
    if metadata.name in (".", ".."):
        raise _invalid(f"chart.metadata.name {quote(metadata.name)} is not allowed")
    if "/" in metadata.name:
        raise _invalid(f"chart.metadata.name {quote(metadata.name)} is invalid")
    if not metadata.version:
        raise _invalid("chart.metadata.version is required")
    if not is_version(metadata.version):
        raise _invalid(f"chart.metadata.version {quote(metadata.version)} is invalid")
    if metadata.type not in _TYPES:
        raise _invalid("chart.metadata.type must be application or library")


def _parse_maintainers(entries: Iterable[dict[str, Any] | None]) -> tuple[Maintainer, ...]:
    return tuple(
        Maintainer(**{key: clean(text) for key, text in entry.items()}) for entry in _no_nulls(entries, "maintainers")
    )


def _parse_dependencies(entries: Iterable[dict[str, Any] | None]) -> tuple[Dependency, ...]:
    dependencies: dict[str, Dependency] = {}
    for entry in _no_nulls(entries, "dependencies"):
        dependency = _parse_dependency(entry)
        if dependency.key in dependencies:
            raise _invalid(f"more than one dependency with name or alias {quote(dependency.key)}")
        dependencies[dependency.key] = dependency
    return tuple(dependencies.values())


def _parse_dependency(entry: dict[str, Any]) -> Dependency:
    name = clean(entry.get("name", ""))
    alias = entry.get("alias", "")
    if alias and not _ALIAS.fullmatch(alias):
        raise _invalid(f"dependency {quote(name)} has disallowed characters in the alias")
    return Dependency(
        name=name,
        version=clean(entry.get("version", "")),
        repository=clean(entry.get("repository", "")),
        condition=clean(entry.get("condition", "")),
        tags=_clean_all(entry.get("tags", ())),
        enabled=entry.get("enabled", False),
        import_values=tuple(entry.get("import-values", ())),
        alias=alias,
    )


def _no_nulls(entries: Iterable[dict[str, Any] | None], field: str) -> Iterator[dict[str, Any]]:
    """The entries, refused one by one: what is wrong with an earlier one is told first."""
    for entry in entries:
        if entry is None:
            raise _invalid(f"{field} must not contain empty or null nodes")
        yield entry


def _clean_all(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(clean(text) for text in texts)


def clean(text: str) -> str:
    """Helm's sanitizing: white space becomes a blank, what cannot be printed is dropped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if char in SPACE else char for char in text if char in SPACE or is_print(char))


def _invalid(text: str) -> ChartError:
    return ChartError(f"validation: {text}")
