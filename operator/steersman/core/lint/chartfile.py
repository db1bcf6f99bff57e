"""Chart.yaml: does it parse, and does it say what a chart must say? Helm's rules and words.

Rules look at the bare fields, before the loader fills in or cleans anything.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from steersman.core import yaml
from steersman.core.chart.chartfile import decode_chart_file
from steersman.core.chart.errors import ChartError
from steersman.core.golang.kinds import type_name
from steersman.core.golang.quote import quote
from steersman.core.lint.links import is_email, is_request_url, is_url
from steersman.core.lint.model import ChartFolder, Finding, Severity, Unreadable
from steersman.core.semver import Constraint, SemverError, Version, is_strict_version

_FILE = "Chart.yaml"
_ABOVE_NOTHING = ">0.0.0-0"


def check_chart_file(folder: ChartFolder) -> Iterator[Finding]:
    """Helm's rules for Chart.yaml, in Helm's order."""
    data = folder.chart_yaml
    if isinstance(data, Unreadable):
        if data.is_folder:
            yield _error("should be a file, not a directory")
        yield _error(f"unable to parse YAML\n\t{data.problem}")
        return
    try:
        fields = decode_chart_file(data)
    except ChartError as error:
        yield _error(f"unable to parse YAML\n\t{error.message}")
        return
    yield from _strict_format(data)
    yield from _name(fields.get("name", ""))
    yield from _api_version(fields.get("apiVersion", ""))
    yield from _version(data, fields.get("version", ""))
    yield from _maintainers(fields)
    yield from _links(fields)
    yield from _what_only_v2_has(fields)
    yield from _strict_version(fields.get("version", ""))


def _error(message: str) -> Finding:
    return Finding(Severity.ERROR, _FILE, message)


def _strict_format(data: bytes) -> Iterator[Finding]:
    try:
        decode_chart_file(data, strict=True)
    except ChartError as error:
        message = f"failed to strictly parse chart metadata file\n\t{error.message}"
        yield Finding(Severity.WARNING, _FILE, message)


def _name(name: str) -> Iterator[Finding]:
    if not name:
        yield _error("name is required")
    elif name != (posixpath.basename(name.rstrip("/")) or "/"):
        yield _error(f"chart name {quote(name)} is invalid")


def _api_version(api_version: str) -> Iterator[Finding]:
    allowed = 'The value must be either "v1" or "v2"'
    if not api_version:
        yield _error(f"apiVersion is required. {allowed}")
    elif api_version not in ("v1", "v2"):
        yield _error(f"apiVersion '{api_version}' is not valid. {allowed}")


def _version(data: bytes, version: str) -> Iterator[Finding]:
    types = _untyped(data)
    yield from _string_type(types, "version")
    if not version:
        yield _error("version is required")
    else:
        yield from _semver(version)
    yield from _string_type(types, "appVersion")


def _untyped(data: bytes) -> dict[str, Any]:
    """The file as a plain map: the typed reading has turned numbers into strings."""
    try:
        return yaml.load_map(data)
    except yaml.YAMLError:
        return {}


def _string_type(fields: dict[str, Any], key: str) -> Iterator[Finding]:
    if key in fields and not isinstance(fields[key], str):
        yield _error(f"{key} should be of type string but it's of type {type_name(fields[key])}")


def _semver(text: str) -> Iterator[Finding]:
    try:
        version = Version.parse(text)
    except SemverError:
        yield _error(f"version '{text}' is not a valid SemVer")
        return
    if not Constraint.parse(_ABOVE_NOTHING).check(version):
        yield _error(f'version {quote(str(version))} is less than or equal to "0.0.0-0"')


def _strict_version(text: str) -> Iterator[Finding]:
    if not is_strict_version(text):
        yield Finding(Severity.WARNING, _FILE, f"version '{text}' is not a valid SemVerV2")


def _maintainers(fields: dict[str, Any]) -> Iterator[Finding]:
    """The first maintainer with something wrong."""
    for maintainer in fields.get("maintainers", ()):
        problem = _maintainer_problem(maintainer)
        if problem:
            yield _error(problem)
            return


def _maintainer_problem(maintainer: dict[str, str] | None) -> str:
    if maintainer is None:
        return "a maintainer entry is empty"
    name, email, url = (maintainer.get(key, "") for key in ("name", "email", "url"))
    if not name:
        return "each maintainer requires a name"
    if email and not is_email(email):
        return f"invalid email '{email}' for maintainer '{name}'"
    if url and not is_url(url):
        return f"invalid url '{url}' for maintainer '{name}'"
    return ""


def _links(fields: dict[str, Any]) -> Iterator[Finding]:
    bad_source = next((source for source in fields.get("sources", ()) if not is_request_url(source)), None)
    if bad_source is not None:
        yield _error(f"invalid source URL '{bad_source}'")
    icon = fields.get("icon", "")
    if not icon:
        yield Finding(Severity.INFO, _FILE, "icon is recommended")
    elif not is_request_url(icon):
        yield _error(f"invalid icon URL '{icon}'")


def _what_only_v2_has(fields: dict[str, Any]) -> Iterator[Finding]:
    api_version = fields.get("apiVersion", "")
    if api_version == "v2":
        return
    if fields.get("type"):
        yield _error(f"chart type is not valid in apiVersion '{api_version}'. It is valid in apiVersion 'v2'")
    if fields.get("dependencies"):
        yield _error(
            f"dependencies are not valid in the Chart file with apiVersion '{api_version}'. "
            "They are valid in apiVersion 'v2'"
        )
