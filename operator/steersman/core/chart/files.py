"""`.Files` of the templates: the files of a chart that are neither templates nor its own description.

Built by `render.context`, one per chart. In Go it is a `map[string][]byte` with methods.
"""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Iterable
from typing import ClassVar

from steersman.core import yaml
from steersman.core.chart.errors import PatternError
from steersman.core.chart.model import ChartFile
from steersman.core.chart.patterns import compile_glob
from steersman.core.golang.types import NamedMap, StringList, from_bytes


class Files(NamedMap):
    """Path in the chart → content (bytes)."""

    __slots__ = ()
    go_type: ClassVar[str] = "engine.files"
    go_element: ClassVar[str] = "[]uint8"
    go_zero: ClassVar[bytes] = b""
    go_methods: ClassVar[dict[str, str]] = {
        "Get": "get_text",
        "GetBytes": "get_bytes",
        "Glob": "glob",
        "Lines": "lines",
        "AsConfig": "as_config",
        "AsSecrets": "as_secrets",
    }

    @classmethod
    def of(cls, files: Iterable[ChartFile]) -> Files:
        """The files of a chart."""
        return cls({file.name: file.data for file in files})

    def get_text(self, name: str) -> str:
        """The content as a string, "" where there is no such file."""
        return from_bytes(self.get_bytes(name))

    def get_bytes(self, name: str) -> bytes:
        """The content, empty where there is no such file."""
        content: bytes = dict.get(self, name, b"")
        return content

    def glob(self, pattern: str) -> Files:
        """The files whose path matches; a pattern that does not parse matches all."""
        try:
            matches = compile_glob(pattern)
        except PatternError:
            return self
        return Files({name: data for name, data in self.items() if matches(name)})

    def lines(self, name: str) -> StringList:
        """The lines of a file; one newline at its end makes no empty line."""
        text = self.get_text(name)
        return StringList(text.removesuffix("\n").split("\n")) if text else StringList()

    def as_config(self) -> str:
        """YAML for the `data` of a ConfigMap. Of equal base names the last path wins (random in Helm)."""
        return _to_yaml({posixpath.basename(name): from_bytes(self[name]) for name in sorted(self)})

    def as_secrets(self) -> str:
        """YAML for the `data` of a Secret."""
        encoded = {posixpath.basename(name): base64.b64encode(self[name]).decode("ascii") for name in sorted(self)}
        return _to_yaml(encoded)


def _to_yaml(data: dict[str, str]) -> str:
    return yaml.dump(data).removesuffix("\n")
