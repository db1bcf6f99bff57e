"""templates/: do the chart's own templates render to Kubernetes objects that make sense? Helm's rules and words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from steersman.core import yaml
from steersman.core.golang.quote import quote
from steersman.core.golang.runes import SPACE
from steersman.core.golang.types import byte_length
from steersman.core.lint.api_lifecycle import deprecation_warning
from steersman.core.lint.documents import DocumentError, Head, read_heads
from steersman.core.lint.model import ChartFolder, Finding, Severity
from steersman.core.lint.names import check_name
from steersman.core.lint.rendering import Rendering
from steersman.core.manifest.typed import STRING, ListOf, MapOf, Struct, TypeMismatch, decode
from steersman.core.render.engines import SUFFIX
from steersman.core.yaml.errors import UNMARSHALING

FOLDER: Final = "templates/"
_EXTENSIONS: Final = (".yaml", ".yml", ".tpl", ".txt")
_SELECTING_KINDS: Final = ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet")
_LONGEST_LINE: Final = 65_535  # what Go's Scanner takes
_RESOURCE_POLICY: Final = "helm.sh/resource-policy"
_METADATA: Final = Struct("struct { Annotations map[string]string }", {"Annotations": MapOf(STRING)})
_ITEM: Final = Struct(f"struct {{ Metadata {_METADATA.go_type} }}", {"Metadata": _METADATA})
_LIST: Final = Struct(f"struct {{ Items []{_ITEM.go_type} }}", {"Items": ListOf(_ITEM)})


def check_templates_folder(folder: ChartFolder) -> Iterator[Finding]:
    """Whether templates/ is there and is a folder: else there is nothing to render."""
    if folder.templates is None:
        yield Finding(Severity.WARNING, FOLDER, "directory does not exist")
    elif folder.templates == "file":
        yield Finding(Severity.ERROR, FOLDER, "not a directory")


def check_rendered(rendering: Rendering, version: tuple[int, int]) -> Iterator[Finding]:
    """Helm's rules for what the chart's own templates gave. They end at the first document that is no YAML. Of
    templates in Jinja2 the extension before `.j2` counts, and may be any."""
    try:
        for file in rendering.chart.templates:
            path, shown = f"{rendering.chart.name}/{file.name}", file.name
            if path in rendering.jinja:
                shown = file.name.removesuffix(SUFFIX)
            else:
                yield from _extension(file.name)
            text = rendering.files.get(path, "")
            if _extension_of(shown).lower() in (".yaml", ".yml") and text.strip(SPACE):
                yield from _first_indent(file.name, text)
                yield from _documents(file.name, text, version)
    except _BrokenFile as broken:
        yield Finding(Severity.ERROR, broken.path, f"unable to parse YAML: {broken.reason}")


class _BrokenFile(Exception):
    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


def _extension_of(path: str) -> str:
    name = path.rpartition("/")[2]
    return f".{name.rpartition('.')[2]}" if "." in name else ""


def _extension(path: str) -> Iterator[Finding]:
    extension = _extension_of(path)
    if extension not in _EXTENSIONS:
        message = f"file extension '{extension}' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt"
        yield Finding(Severity.ERROR, path, message)


def _first_indent(path: str, text: str) -> Iterator[Finding]:
    for line in text.split("\n"):
        if byte_length(line) > _LONGEST_LINE:
            yield Finding(Severity.WARNING, path, "bufio.Scanner: token too long")
            return
        if line.strip(SPACE):
            break
    if line.startswith((" ", "\t")):
        shown = quote(line.removesuffix("\r"))
        message = f"document starts with an illegal indent: {shown}, which may cause parsing problems"
        yield Finding(Severity.WARNING, path, message)


def _documents(path: str, text: str, version: tuple[int, int]) -> Iterator[Finding]:
    try:
        for head in read_heads(text):
            yield from _object(path, text, head, version)
    except DocumentError as error:
        raise _BrokenFile(path, str(error)) from error


def _object(path: str, text: str, head: Head, version: tuple[int, int]) -> Iterator[Finding]:
    problem = check_name(head.kind, head.name)
    if problem:
        yield Finding(Severity.WARNING, path, problem)
    warning = deprecation_warning(head.api_version, head.kind, version)
    if warning:
        yield Finding(Severity.WARNING, path, warning)
    if head.kind in _SELECTING_KINDS and "matchLabels" not in text and "matchExpressions" not in text:
        message = f"a {head.kind} must contain matchLabels or matchExpressions, and {quote(head.name)} does not"
        yield Finding(Severity.ERROR, path, message)
    if head.kind == "List":
        yield from _list_annotations(path, text)


def _list_annotations(path: str, text: str) -> Iterator[Finding]:
    """Helm looks at the first document of the file, whichever document is the List."""
    try:
        fields = decode(yaml.load_exact(text), _LIST)
    except (yaml.YAMLError, TypeMismatch) as error:
        stage = UNMARSHALING if isinstance(error, TypeMismatch) else ""
        yield Finding(Severity.ERROR, path, f"unable to parse YAML: {stage}{error}")
        return
    items = [item or {} for item in fields.get("Items", ())]
    if any(_RESOURCE_POLICY in item.get("Metadata", {}).get("Annotations", {}) for item in items):
        yield Finding(Severity.ERROR, path, f"annotation '{_RESOURCE_POLICY}' within List objects are ignored")
