"""From rendered files to manifests and hooks, in the order Helm applies and prints them.

Called by `render.engine` with what the templates gave, and by release code that reads a stored manifest back. Splitting
is textual, by Helm's regular expression: every line that starts with `---` ends a document, whatever it stands in, and
what follows the dashes belongs to the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from steersman.core import yaml
from steersman.core.golang.runes import SPACE
from steersman.core.golang.types import to_bytes
from steersman.core.manifest.errors import ManifestError
from steersman.core.manifest.hooks import HOOK, is_hook, read_hook
from steersman.core.manifest.identity import KubernetesObject
from steersman.core.manifest.log import Warn, log_line
from steersman.core.manifest.model import Hook, Manifest
from steersman.core.manifest.order import INSTALL_ORDER, sort_by_kind
from steersman.core.manifest.typed import STRING, MapOf, Struct, TypeMismatch, decode
from steersman.core.yaml.errors import UNMARSHALING

_SEPARATOR = re.compile(r"^---[ \t]*", re.MULTILINE)
_HEAD_METADATA = Struct(
    'struct { Name string "json:\\"name\\""; Annotations map[string]string "json:\\"annotations\\"" }',
    {"name": STRING, "annotations": MapOf(STRING)},
)
_NO_OBJECT = "what a template renders must be YAML maps with apiVersion, kind and metadata"
_HEAD = Struct("util.SimpleHead", {"apiVersion": STRING, "kind": STRING, "metadata": _HEAD_METADATA})


class Head(NamedTuple):
    """What Helm reads of a manifest. `name` and `annotations` are empty where there is no metadata."""

    kind: str
    name: str
    annotations: Mapping[str, str]


def split_documents(text: str) -> list[str]:
    """The documents of a rendered file. Leading white space is cut, trailing newlines stay; blank ones are dropped."""
    parts = _SEPARATOR.split(text.lstrip(SPACE))
    return [trimmed for part in parts if (trimmed := part.lstrip(SPACE))]


def sort_manifests(
    files: Mapping[str, str], warn: Warn, order: tuple[str, ...] = INSTALL_ORDER
) -> tuple[tuple[Hook, ...], tuple[Manifest, ...]]:
    """Sort rendered files (path → text) into hooks and manifests, both ordered by kind. Raises ManifestError."""
    hooks: list[Hook] = []
    manifests: list[Manifest] = []
    for path in sorted(files, key=to_bytes):
        if _is_partial(path):
            continue
        for text in split_documents(files[path]):
            try:
                item = _read(path, text, warn)
            except ManifestError as error:
                error.hooks = tuple(hooks)
                raise
            if isinstance(item, Hook):
                hooks.append(item)
            elif item is not None:
                manifests.append(item)
    return tuple(sort_by_kind(hooks, order)), tuple(sort_by_kind(manifests, order))


def parse_objects(text: str, path: str = "") -> Iterator[KubernetesObject]:
    """The objects of a stored manifest or a file of objects, documents without content left out. Raises ManifestError,
    which names `path`."""
    for document in split_documents(text):
        parsed = _load(path, document)
        if isinstance(parsed, dict) and parsed:
            yield parsed


def _is_partial(path: str) -> bool:
    return path.rpartition("/")[2].startswith("_")


def _read(path: str, text: str, warn: Warn) -> Hook | Manifest | None:
    document = _load(path, text)
    head = _head(path, document)
    if not is_hook(head.annotations):
        return Manifest(path=path, text=text, kind=head.kind, object=document or None)
    hook = read_hook(head.annotations)
    if hook is None:
        warn(log_line("INFO", "skipping unknown hooks", hookTypes=head.annotations[HOOK]))
        return None
    return Hook(
        path=path,
        text=text,
        kind=head.kind,
        name=head.name,
        events=hook.events,
        weight=hook.weight,
        delete_policies=hook.delete_policies,
        output_log_policies=hook.output_log_policies,
        object=document,
    )


def _load(path: str, text: str) -> Any:
    try:
        return yaml.load_exact(text)
    except yaml.YAMLError as error:
        raise _parse_error(path, error.message) from error


def _head(path: str, document: Any) -> Head:
    try:
        fields = decode(document, _HEAD)
    except TypeMismatch as error:
        raise _parse_error(path, f"{UNMARSHALING}{error}", hint=_NO_OBJECT) from error
    metadata = fields.get("metadata", {})
    return Head(fields.get("kind", ""), metadata.get("name", ""), metadata.get("annotations", {}))


def _parse_error(path: str, detail: str, hint: str = "") -> ManifestError:
    return ManifestError(f"YAML parse error on {path}: {detail}", path=path, hint=hint)
