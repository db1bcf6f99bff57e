"""Values files: one or more YAML documents, merged from left to right.

Called by `chart.loader` for a chart's values.yaml, by the CLI and the operator for values a user gives, by `lint` for
what templates gave. Documents end at lines that start with `---` (Kubernetes' YAML reader), wherever they stand; an
empty file is an empty map.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steersman.core import yaml
from steersman.core.chart.errors import ChartError

_SEPARATOR = b"---"


class SeparatorError(ChartError):
    """A separator line that goes on with something else than a comment."""


def load_values(data: bytes) -> dict[str, Any]:
    """Read a values file. Raises ChartError whose message starts `cannot unmarshal yaml document: `."""
    values: dict[str, Any] = {}
    try:
        for document in split_yaml(data):
            values = merge_maps(values, _load_map(document))
    except SeparatorError as error:
        raise ChartError(f"error reading yaml document: {error.message}") from error
    return values


def merge_maps(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    """A new map of both; maps merge deeply, everything else (null and lists too) is taken from `high`."""
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        if type(value) is dict and type(below) is dict:
            merged[key] = merge_maps(below, value)
        else:
            merged[key] = value
    return merged


def _load_map(document: bytes) -> dict[str, Any]:
    try:
        return yaml.load_map(document)
    except yaml.YAMLError as error:
        raise ChartError(f"cannot unmarshal yaml document: {error.message}") from error


def split_yaml(data: bytes) -> Iterator[bytes]:
    """The documents as Kubernetes' YAML reader takes them, in lines that end in LF alone. A separator line with nothing
    before it stays in its document. Raises SeparatorError where the reader meets one that is none."""
    if _SEPARATOR not in data:
        yield data.replace(b"\r\n", b"\n").removesuffix(b"\n") + b"\n"
        return
    lines: list[bytes] = []
    for line in data.removesuffix(b"\n").split(b"\n"):
        text = line.removesuffix(b"\r")
        if text.startswith(_SEPARATOR):
            rest = text.removeprefix(_SEPARATOR).strip()
            if rest and not rest.startswith(b"#"):
                detail = rest.decode("utf-8", "replace")
                raise SeparatorError(f"invalid Yaml document separator: {detail}")
            if lines:
                yield b"\n".join([*lines, b""])
                lines = []
                continue
        lines.append(text)
    if lines:
        yield b"\n".join([*lines, b""])
