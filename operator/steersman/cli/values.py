"""The value flags of a command (`-f`, `--set` and its kin), read into one map.

Called by commands that render. The order is Helm's, whatever the order on the command line: files, --set-json, --set,
--set-string, --set-file, --set-literal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from steersman.cli.charts import read_bytes
from steersman.cli.output import read_standard_input
from steersman.core.chart.documents import load_values, merge_maps
from steersman.core.chart.errors import ChartError
from steersman.core.golang.types import from_bytes
from steersman.core.values.errors import ValuesError
from steersman.core.values.merge import deep_copy
from steersman.core.values.set_syntax import set_files, set_json, set_literal, set_strings, set_values

_URLS = ("http://", "https://", "oci://")


class ValueFlags(NamedTuple):
    """The flags as they were given."""

    files: Sequence[str] = ()
    json: Sequence[str] = ()
    plain: Sequence[str] = ()
    strings: Sequence[str] = ()
    from_files: Sequence[str] = ()
    literals: Sequence[str] = ()

    def merged(self, base: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        """The values they give together, over `base`. Raises ValuesError, or ChartError for a file that cannot be
        read."""
        values: dict[str, Any] = deep_copy(dict(base))
        for path in self.files:
            values = merge_maps(values, _load_file(path))
        for text in self.json:
            values = _set_json(values, text)
        _set_all("--set", self.plain, lambda text: set_values(values, text))
        _set_all("--set-string", self.strings, lambda text: set_strings(values, text))
        _set_all("--set-file", self.from_files, lambda text: set_files(values, text, _read_text))
        _set_all("--set-literal", self.literals, lambda text: set_literal(values, text))
        return values


def _load_file(path: str) -> dict[str, Any]:
    data = _read(path)
    try:
        return load_values(data)
    except ChartError as error:
        raise ValuesError(f"failed to parse {path}: {error.message}") from error


def _set_json(values: dict[str, Any], text: str) -> dict[str, Any]:
    try:
        return set_json(values, text)
    except ValuesError as error:
        kind = "JSON: " if text.lstrip().startswith("{") else ""
        raise ValuesError(f"failed parsing --set-json data {kind}{text}") from error


def _set_all(flag: str, texts: Sequence[str], assign: Callable[[str], None]) -> None:
    for text in texts:
        try:
            assign(text)
        except (ValuesError, ChartError) as error:
            raise ValuesError(f"failed parsing {flag} data: {error.message}") from error


def _read_text(path: str) -> str:
    return from_bytes(_read(path))


def _read(path: str) -> bytes:
    if path.startswith(_URLS):
        raise ValuesError(f"{path}: values are not fetched from URLs", hint="download the file and pass its path")
    return read_standard_input() if path.strip() == "-" else read_bytes(path)
