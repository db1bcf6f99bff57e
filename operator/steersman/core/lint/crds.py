"""crds/: plain YAML, and CustomResourceDefinitions only? Helm's rules and words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from steersman.core.chart.errors import ChartError
from steersman.core.chart.model import own_crd_files, walk
from steersman.core.golang.types import from_bytes
from steersman.core.lint.documents import DocumentError, read_heads
from steersman.core.lint.model import ChartFolder, Finding, Severity

_FOLDER: Final = "crds/"
_GROUP: Final = "apiextensions.k8s.io"
_KIND: Final = "CustomResourceDefinition"


def check_crds(folder: ChartFolder) -> Iterator[Finding]:
    """Helm's rules for crds/, those of subcharts too. They end at the first document that is no YAML."""
    if folder.crds is None:
        return
    if folder.crds == "file":
        yield Finding(Severity.ERROR, _FOLDER, "not a directory")
        return
    if isinstance(folder.chart, ChartError):
        yield Finding(Severity.ERROR, _FOLDER, folder.chart.message)
        return
    for _, chart in walk(folder.chart):
        for file in own_crd_files(chart):
            try:
                yield from _documents(file.name, from_bytes(file.data))
            except DocumentError as error:
                yield Finding(Severity.ERROR, file.name, f"unable to parse YAML: {error}")
                return


def _documents(path: str, text: str) -> Iterator[Finding]:
    for head in read_heads(text):
        if not head.api_version.startswith(_GROUP):
            yield Finding(Severity.ERROR, path, f"apiVersion is not in '{_GROUP}'")
        if head.kind != _KIND:
            yield Finding(Severity.ERROR, path, f"object kind is not '{_KIND}'")
